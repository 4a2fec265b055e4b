"""A network predicts in ONNX, from columns to classes, what it predicts in Python."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import mlfw
from mixed_table import mixed_splits, odd_rows
from mlfw import FitContext, Splits, UserError
from mlfw_lightning import LightningTrainer, Network
from mlfw_lightning.exporting import network_model
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.ft_transformer import FTTransformer
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.onnx_layers import is_convertible
from mlfw_lightning.portable import OnnxNetwork
from mlfw_lightning.predictor import NetworkPredictor
from mlfw_onnx import Parity, checked_model, new_session

NEAR, MOST_SECONDS = 1e-5, 1.0  # torch's exporter took several seconds
TARGETS = ("kind", "price", "tags")


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    return mixed_splits(tmp_path_factory.mktemp("data"), TARGETS)


@pytest.fixture(scope="module")
def predictor(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> NetworkPredictor:
    folder = tmp_path_factory.mktemp("fit")
    trainer = LightningTrainer(accelerator="cpu", epochs=2)
    context = FitContext(trainer=trainer, seed=0, folder=folder, report=lambda *_: None)
    return MLP(width=8).fit(splits, context)


@pytest.fixture(scope="module")
def saved(predictor: NetworkPredictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    predictor.save(folder)
    return folder


def test_a_network_on_all_kinds_of_columns_is_one_model_at_once(
    predictor: NetworkPredictor, splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)  # torch's exporter fails without it

    assert predictor.quick_onnx
    model = predictor.to_onnx()
    start = time.process_time()
    predictor.to_onnx()
    assert time.process_time() - start < MOST_SECONDS

    onnx.checker.check_model(model, full_check=True)
    parity = Parity(predictor, checked_model(model.SerializeToString(), "model.onnx"))
    parity.check(mlfw.conform(splits.test, splits.schema), "test")
    parity.check(mlfw.conform(odd_rows(), splits.schema), "odd")
    parity.check(mlfw.conform(splits.test.slice(0, 1), splits.schema), "single")
    assert 0 < parity.largest < NEAR
    none = parity.run(mlfw.conform(splits.test.slice(0, 0), splits.schema))
    assert [len(values) for values in none.values()] == [0] * len(model.graph.output)
    types = {i.name: i.type.tensor_type.elem_type for i in model.graph.input}
    assert types["remark"] == onnx.TensorProto.INT32
    assert types["amount"] == onnx.TensorProto.DOUBLE
    assert types["colour"] == onnx.TensorProto.STRING


def test_a_saved_network_predicts_the_same_in_onnx_and_in_torch(
    predictor: NetworkPredictor, splits: Splits, saved: Path
) -> None:
    rows = mlfw.conform(splits.test, splits.schema)
    wanted = predictor.predict(rows)

    found = MLP(width=8).load(saved, splits.schema)

    assert isinstance(found, OnnxNetwork)
    assert MLP(width=8).load_native(saved, splits.schema).predict(rows).equals(wanted)
    predicted = found.predict(rows)
    assert predicted.schema.equals(wanted.schema)
    for name in wanted.column_names:
        if wanted[name].type == pa.float64():
            np.testing.assert_allclose(predicted[name], wanted[name], rtol=NEAR, atol=NEAR)
        else:
            assert predicted[name].equals(wanted[name])
    predictor.check_saved(saved, rows)
    assert found.predict(rows.slice(0, 0)).num_rows == 0


def test_rounding_errors_of_far_numbers_are_no_difference(
    predictor: NetworkPredictor, splits: Splits, tmp_path: Path
) -> None:
    near = mlfw.conform(splits.test, splits.schema)
    far = near.set_column(0, "amount", pa.array([1e300] * near.num_rows))
    assert predictor.onnx_slack(near).tolist() == [1.0] * near.num_rows
    predictor.save(tmp_path)
    in_onnx = MLP(width=8).load(tmp_path, splits.schema)
    slack = in_onnx.onnx_slack(far)
    assert slack is not None
    assert (slack > 1).all()

    for seed in range(6):  # made-up rows have such numbers, and some scores cancel out
        other = rebuilt(predictor, MLP(width=8), 1.0, seed)
        other.save(tmp_path)
        with pytest.raises(UserError, match="predict differently"):
            predictor.check_saved(tmp_path, near)


def rebuilt(
    predictor: NetworkPredictor, model: Network, factor: float, seed: int
) -> NetworkPredictor:
    """Return another network for the same columns, with larger weights."""
    torch.manual_seed(seed)
    state = model.build(predictor.shape).state_dict()
    for name, values in state.items():
        if name.endswith("weight"):
            values *= factor
    return NetworkPredictor(
        predictor.schema, predictor.preprocessor, model, predictor.shape, predictor.heads, state
    )


@pytest.mark.parametrize(
    ("model", "seeds"), [(MLP(width=8), (0, 1, 12)), (FTTransformer(width=8, heads=2), (0, 3, 7))]
)
def test_rounding_errors_that_large_weights_amplify_are_no_difference(
    model: Network, seeds: tuple[int, ...], predictor: NetworkPredictor, splits: Splits
) -> None:
    rows = mlfw.conform(splits.test, splits.schema)
    odd = mlfw.conform(odd_rows(), splits.schema)
    largest = 0.0
    for seed in seeds:  # some of them differ by more than 1e-5 here
        other = rebuilt(predictor, model, 10.0, seed)
        parity = Parity(other, checked_model(other.to_onnx().SerializeToString(), "model.onnx"))

        parity.check(rows, "test")
        parity.check(odd, "odd")

        assert parity.largest <= NEAR
        largest = max(largest, float(other.onnx_slack(odd).max()))
    assert largest > 1


def test_with_large_weights_too_a_wrong_number_is_noticed(
    predictor: NetworkPredictor, splits: Splits
) -> None:
    rows = mlfw.conform(splits.test, splits.schema)
    other = rebuilt(predictor, MLP(width=8), 10.0, 0)
    model = other.to_onnx()
    for constant in model.graph.initializer:
        if constant.data_type == onnx.TensorProto.FLOAT:
            values = onnx.numpy_helper.to_array(constant) * np.float32(1.001)
            constant.CopyFrom(onnx.numpy_helper.from_array(values, constant.name))

    with pytest.raises(UserError, match="predict differently: test row"):
        Parity(other, checked_model(model.SerializeToString(), "model.onnx")).check(rows, "test")


PREDICT = """
import sys
from pathlib import Path
import pyarrow.parquet as pq
import mlfw
from mlfw_lightning.networks.mlp import MLP

folder, rows = map(Path, sys.argv[1:])
schema = mlfw.Schema.load(folder / "schema.json")
MLP(width=8).load(folder, schema).predict(mlfw.conform(pq.read_table(rows), schema))
print(*{"torch", "sklearn", "onnx"} & sys.modules.keys())
"""


def test_a_saved_network_predicts_without_importing_torch(
    splits: Splits, saved: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.parquet"
    pq.write_table(splits.test, rows)
    splits.schema.save(saved / "schema.json")

    command = [sys.executable, "-c", PREDICT, str(saved), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


def test_what_is_loaded_in_onnx_is_saved_with_its_weights(
    predictor: NetworkPredictor, splits: Splits, saved: Path, tmp_path: Path
) -> None:
    rows = mlfw.conform(splits.test, splits.schema)

    MLP(width=8).load(saved, splits.schema).save(tmp_path)

    again = MLP(width=8).load_native(tmp_path, splits.schema)
    assert again.predict(rows).equals(predictor.predict(rows))
    assert (tmp_path / "model.onnx").read_bytes() == (saved / "model.onnx").read_bytes()


def test_a_network_that_only_torch_can_export_is_saved_in_torch_alone(
    predictor: NetworkPredictor, splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_lightning.predictor.MOST_BYTES", 0)

    predictor.save(tmp_path)

    assert not (tmp_path / "model.onnx").exists()
    assert predictor.needs() is None
    assert isinstance(MLP(width=8).load(tmp_path, splits.schema), NetworkPredictor)


class Gated(torch.nn.Module):
    """Computes what only torch's exporter can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 3)

    def forward(self, inputs: Inputs) -> torch.Tensor:
        scores: torch.Tensor = self.layer(inputs.numbers) * inputs.numbers[:, :1].sigmoid()
        return scores


def test_a_network_of_a_plugin_is_exported_by_torch() -> None:
    network = Gated().eval()
    inputs = Inputs(torch.randn(5, 2), torch.zeros(5, 0, dtype=torch.int32))
    arrays = [inputs.numbers.numpy(), inputs.codes.numpy()]
    assert not is_convertible(network)

    content = network_model(network, InputShape(2, (), 3)).SerializeToString()
    session = new_session(content, "network")

    names = [each.name for each in session.get_inputs()]
    (found,) = session.run(None, dict(zip(names, arrays, strict=True)))
    np.testing.assert_allclose(found, network(inputs).detach().numpy(), atol=NEAR)


def test_what_cannot_be_exported_is_named() -> None:
    class Odd(torch.nn.Module):
        def forward(self, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
            return inputs[0] if inputs[0].sum().item() > 0 else inputs[0] + 1

    with pytest.raises(UserError, match="Odd: torch cannot export this network"):
        network_model(Odd(), InputShape(2, (), 2))
