"""Networks learn every task, follow the seed, stop early, and say what is wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

import mlfw
from mlfw import Column, FitContext, Kind, LoadContext, Schema, Splits, Task, UserError
from mlfw_lightning import LightningTrainer
from mlfw_lightning.loop.steps import Steps
from mlfw_lightning.networks.mlp import MLP
from mlfw_sklearn.dataset import Bundled, SklearnDataset
from network_fit import fit


def context(folder: Path, **trainer: object) -> FitContext:
    options = {"accelerator": "cpu", **trainer}
    return FitContext(
        trainer=LightningTrainer(**options),  # type: ignore[arg-type]
        seed=0,
        folder=folder,
        report=lambda *_: None,
    )


@pytest.mark.parametrize("bundled", [Bundled.breast_cancer, Bundled.iris, Bundled.diabetes])
def test_what_is_saved_predicts_the_same(bundled: Bundled, tmp_path: Path) -> None:
    splits = SklearnDataset(name=bundled).load(LoadContext())

    fitted = MLP().fit(splits, context(tmp_path / "fit", epochs=5))
    (tmp_path / "saved").mkdir()
    fitted.save(tmp_path / "saved")
    expected = fitted.predict(splits.test)

    native = MLP().load_native(tmp_path / "saved", splits.schema)
    assert native.predict(splits.test).equals(expected)
    found = MLP().load(tmp_path / "saved", splits.schema).predict(splits.test)
    for name in expected.column_names:
        made, wanted = found[name].to_numpy(), expected[name].to_numpy()
        close = made.dtype != object and np.allclose(made, wanted, rtol=1e-5, atol=1e-5)
        assert close or (made == wanted).all()
    files = {path.suffix for path in (tmp_path / "saved").iterdir()}
    assert files == {".json", ".onnx", ".safetensors"}


def test_categories_that_decide_are_learnt_and_unknown_ones_do_no_harm(tmp_path: Path) -> None:
    colours = ["red", "green", "blue", None] * 60
    target = ["warm" if colour == "red" else "cold" for colour in colours]
    table = pa.table({"colour": pa.array(colours, pa.string()), "feel": target})
    schema = Schema.of(
        columns=(Column(name="colour", kind=Kind.category),),
        target=Column(name="feel", kind=Kind.category),
        task=Task.binary,
        classes=("cold", "warm"),
    )
    splits = Splits(table.slice(0, 160), table.slice(160, 40), table.slice(200, 40), schema)

    fitted = MLP().fit(splits, context(tmp_path))

    assert fitted.predict(splits.test)["prediction"].to_pylist() == target[200:]
    odd = fitted.predict(pa.table({"colour": ["mauve"]}))
    assert math.isfinite(odd["probability_warm"][0].as_py())


def test_the_seed_decides_and_the_global_random_numbers_are_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()

    first = fit(tmp_path / "a", {"trainer": {"epochs": 3}})
    second = fit(tmp_path / "b", {"trainer": {"epochs": 3}})
    other = fit(tmp_path / "c", {"trainer": {"epochs": 3}, "seed": 1})

    assert torch.equal(torch.random.get_rng_state(), before)
    assert first == second
    assert first["weights"] != other["weights"]


def test_training_stops_when_the_validation_loss_no_longer_falls(tmp_path: Path) -> None:
    out = fit(tmp_path, {"trainer": {"epochs": 300, "patience": 4}})

    losses = [values["validation/loss"] for _, values in out["epochs"]]
    assert len(losses) < 300
    assert min(losses) == losses[-5]


def test_without_patience_every_epoch_is_trained(tmp_path: Path) -> None:
    out = fit(tmp_path, {"trainer": {"epochs": 30, "patience": None}})

    assert [epoch for epoch, _ in out["epochs"]] == list(range(1, 31))


def test_the_order_really_changes_from_epoch_to_epoch_in_lightning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[int] = []
    monkeypatch.setattr(Steps, "set_epoch", lambda self, epoch: epochs.append(epoch))

    fit(tmp_path, {"trainer": {"epochs": 3, "patience": None}})

    assert epochs == [0, 1, 2]


def test_a_loss_that_is_no_number_names_the_step_and_a_remedy(tmp_path: Path) -> None:
    splits = SklearnDataset(name=Bundled.diabetes).load(LoadContext())

    with pytest.raises(
        UserError, match=r"(?s)the loss is .* in epoch 1, step \d+ of \d+.*model.learning_rate"
    ):
        MLP(learning_rate=1e18).fit(splits, context(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accelerator": "gpu", "devices": 64}, "trainer.devices=64: there are"),
        ({"precision": "17-mixed"}, "trainer: .*17-mixed"),
        ({"strategy": "telepathy"}, r"trainer\.strategy: .*telepathy"),
        ({"nodes": 2}, r"trainer\.nodes=2: .*through Ray"),
    ],
)
def test_what_the_trainer_cannot_do_is_refused(
    options: dict[str, object], message: str, tmp_path: Path
) -> None:
    splits = SklearnDataset(name=Bundled.iris).load(LoadContext())

    with pytest.raises(UserError, match=message):
        MLP().fit(splits, context(tmp_path, **options))


def test_an_accelerator_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UserError, match=r"trainer\.accelerator: expected one of"):
        LightningTrainer(accelerator="abacus").check()


def test_a_learner_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot train a list"):
        LightningTrainer().train([], context(tmp_path))


def test_the_batch_size_follows_the_rows_unless_it_is_set() -> None:
    sizes = [MLP().rows_per_step(rows) for rows in (10, 200, 5_000, 50_000, 10_000_000)]

    assert sizes == [16, 16, 128, 1024, 1024]
    assert MLP(batch_size=7).rows_per_step(50_000) == 7


def test_no_row_gives_no_prediction(tmp_path: Path) -> None:
    splits = SklearnDataset(name=Bundled.iris).load(LoadContext())

    fitted = MLP().fit(splits, context(tmp_path, epochs=1))

    assert fitted.predict(splits.test.slice(0, 0)).num_rows == 0
    shares = mlfw.probability_matrix(splits.schema, fitted.predict(splits.test))
    assert np.allclose(shares.sum(axis=1), 1)
