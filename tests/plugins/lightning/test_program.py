"""A network, preprocessing included, predicts as a program of torch what it predicts in mlfw."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

import mlfw
from mixed_table import mixed_splits, odd_rows
from mlfw import FitContext, Splits, UserError
from mlfw.files import write_bytes
from mlfw.pipeline.saved_model import save_model
from mlfw.plugins import load_plugins
from mlfw.plugins.builtin import NoTrainer
from mlfw_lightning import LightningTrainer
from mlfw_lightning.comparison import ProgramComparison
from mlfw_lightning.networks.mlp import MLP
from mlfw_lightning.predictor import NetworkPredictor
from mlfw_lightning.program import WholeNetwork, program_inputs, target_outputs
from mlfw_lightning.torch_deployer import TorchProgram
from mlfw_sklearn.models import Tree

TARGETS = ("kind", "price", "tags")


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    return mixed_splits(tmp_path_factory.mktemp("data"), TARGETS)


@pytest.fixture(scope="module")
def predictor(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> NetworkPredictor:
    trainer = LightningTrainer(accelerator="cpu", epochs=1)
    folder = tmp_path_factory.mktemp("fit")
    context = FitContext(trainer=trainer, seed=0, folder=folder, report=lambda *_: None)
    return MLP(width=8).fit(splits, context)


@pytest.fixture(scope="module")
def exported(predictor: NetworkPredictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    entry = load_plugins().registry.kind("model")["mlp"]
    save_model(predictor, {"width": 8}, entry, folder / "model")
    (folder / "out").mkdir()
    made = TorchProgram().deploy(folder / "model", folder / "out", "mlp")
    assert made.artifact == "model.pt2"
    return folder / "out"


def compared(predictor: NetworkPredictor, module: torch.nn.Module) -> ProgramComparison:
    def run(rows: pa.Table) -> list[np.ndarray]:
        with torch.inference_mode():
            return [values.numpy() for values in module(program_inputs(predictor, rows))]

    return ProgramComparison(predictor, target_outputs(predictor), "torch", run)


def test_the_program_predicts_what_mlfw_predicts(
    exported: Path, predictor: NetworkPredictor, splits: Splits
) -> None:
    program = torch.export.load(exported / "model.pt2").module()
    comparison = compared(predictor, program)

    comparison.check(mlfw.conform(splits.test, splits.schema), "test")
    comparison.check(mlfw.conform(odd_rows(), splits.schema), "odd")

    assert comparison.largest < 1e-6
    assert set(comparison.run(splits.test)) == {
        "label_kind", "probabilities_kind", "prediction_price", "label_tags", "probabilities_tags",
    }  # fmt: skip


def test_a_program_that_predicts_otherwise_is_refused(
    predictor: NetworkPredictor, splits: Splits
) -> None:
    wrong = WholeNetwork(predictor)
    wrong.block_0_centre = wrong.block_0_centre + 0.1

    with pytest.raises(UserError, match=r"deployer=torch: the exported model.*test row 1, "):
        compared(predictor, wrong).check(splits.test, "test")


@pytest.mark.slow
def test_a_file_that_holds_other_weights_than_it_should_is_noticed(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, content: bytes) -> None:
        program = torch.export.load(io.BytesIO(content))
        for values in program.state_dict.values():
            if values.is_floating_point():
                values.data.add_(0.1)
        changed = io.BytesIO()
        torch.export.save(program, changed)
        write_bytes(path, changed.getvalue())

    monkeypatch.setattr("mlfw_lightning.torch_deployer.write_bytes", write)

    with pytest.raises(UserError, match=r"deployer=torch: .* predict differently: sample row 1,"):
        TorchProgram().deploy(exported.parent / "model", tmp_path, "mlp")
    assert list(tmp_path.iterdir()) == []


def test_the_code_of_the_readme_predicts_the_sample(
    exported: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = json.loads((exported / "sample.json").read_text())
    page = (exported / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(exported)

    exec(code, {})

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(TARGETS)
    for line in lines:
        name, _, values = line.partition(" ")
        assert np.allclose(json.loads(values), sample["outputs"][name][0])
    assert "| `colour` | int32 [rows]" in page
    assert "`blue`, `green`, `red`" in page


def test_an_estimator_is_refused_with_its_formats(splits: Splits, tmp_path: Path) -> None:
    context = FitContext(trainer=NoTrainer(), seed=0, folder=tmp_path, report=lambda *_: None)
    tree = Tree().fit(splits, context)
    save_model(tree, {}, load_plugins().registry.kind("model")["tree"], tmp_path / "model")

    with pytest.raises(UserError, match="not a PyTorch network; this model has the formats onnx"):
        TorchProgram().deploy(tmp_path / "model", tmp_path / "out", "tree")
