"""The exported apps: compiled and run, with the runtimes of the phones where these can be had."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from safetensors.numpy import load_file

from kotlin_app import Run, compiled, kotlin_compiler, run_app
from mixed_table import mixed_splits
from mlfw import FitContext, Splits, UserError
from mlfw.components import Model
from mlfw.files import write_bytes
from mlfw.pipeline.saved_model import save_model
from mlfw.plugins import load_plugins
from mlfw.plugins.builtin import NoTrainer
from mlfw_lightning import LightningTrainer
from mlfw_lightning.networks.mlp import MLP
from mlfw_mobile.deployer import Mobile
from mlfw_sklearn.models import Linear

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TARGETS = ("answer", "kind", "price", "tags")
ODD = 'say "$hi" \\(x) */'


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A linear model and a network of columns of all kinds, exported for phones."""
    pytest.importorskip("executorch")
    splits = mixed_splits(tmp_path_factory.mktemp("data"), TARGETS)
    trainer = LightningTrainer(accelerator="cpu", epochs=1)
    made = {}
    for use, model, options in (("linear", Linear(), {}), ("mlp", MLP(width=8), {"width": 8})):
        folder = tmp_path_factory.mktemp(use)
        context = FitContext(
            trainer=trainer if use == "mlp" else NoTrainer(),
            seed=0, folder=folder, report=lambda *_: None,
        )  # fmt: skip
        _export(model, splits, context, use, options, folder)
        made[use] = folder / "out"
    return made


def _export(
    model: Model,
    splits: Splits,
    context: FitContext,
    use: str,
    options: dict[str, int],
    folder: Path,
) -> None:
    entry = load_plugins().registry.kind("model")[use]
    save_model(model.fit(splits, context), options, entry, folder / "model")
    (folder / "out").mkdir()
    Mobile().deploy(folder / "model", folder / "out", f"{use} {ODD}")


def test_a_network_is_small_and_runs_in_executorch(exported: dict[str, Path]) -> None:
    from executorch.runtime import Runtime

    file = exported["mlp"] / "android/app/src/main/assets/model.pte"
    method = Runtime.get().load_program(file).load_method("forward")

    assert file.stat().st_size < 300_000
    sample = json.loads((file.parent / "sample.json").read_text())
    assert len(sample["rows"]) > 10
    assert method.metadata.num_inputs() == 9
    assert method.metadata.num_outputs() == len(TARGETS)


def test_a_program_that_holds_other_weights_than_it_should_is_noticed(
    exported: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = exported["mlp"].parent / "model"
    weights = load_file(model / "weights.safetensors")

    def write(path: Path, content: bytes) -> None:
        if path.name == "model.pte" and "android" in path.parts:
            before = content
            for values in weights.values():
                if values.ndim == 1:  # matrices are packed
                    content = content.replace(values.tobytes(), (values + 1).tobytes())
            assert content != before
        write_bytes(path, content)

    monkeypatch.setattr("mlfw_mobile.deployer.write_bytes", write)

    with pytest.raises(UserError, match=r"deployer=mobile: .* predict differently: sample row 1,"):
        Mobile().deploy(model, tmp_path, "mlp")
    assert list(tmp_path.iterdir()) == []


def test_the_android_apps_compile_and_predict_the_sample(
    exported: dict[str, Path], tmp_path: Path
) -> None:
    compiler = kotlin_compiler()
    if compiler is None:
        pytest.skip("no Java or npm")
    linear, network = exported["linear"] / "android", exported["mlp"] / "android"
    jar = compiled(compiler, [linear, network], tmp_path)

    said = run_app(jar, linear, _onnx(linear))

    assert said[0] == "SAMPLE"
    assert said[1].startswith("FORM answer: ")
    assert "price: " in said[1]

    said = run_app(jar, network, _executorch(network))

    assert said[0] == "SAMPLE"
    assert said[1].startswith("FORM answer: ")


def _onnx(project: Path) -> Run:
    session = ort.InferenceSession(project / "app/src/main/assets/model.onnx")
    names = [each.name for each in session.get_outputs()]

    def run(inputs: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
        found = dict(zip(names, session.run(names, inputs), strict=True))
        return [(name, found[name]) for name in names if found[name].dtype == np.float32]

    return run


def _executorch(project: Path) -> Run:
    from executorch.runtime import Runtime

    method = (
        Runtime.get().load_program(project / "app/src/main/assets/model.pte").load_method("forward")
    )

    def run(inputs: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
        tensors = [torch.from_numpy(inputs[str(place)]) for place in range(len(inputs))]
        return [("", values.numpy()) for values in method.execute(tensors)]

    return run
