"""An existing LightningModule with its data module goes the whole way, unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

import mlfw
from conftest import Mlfw
from existing_package import run_arguments

ALLOW = ("--allow-import", "blobs")


def metrics(run: Path) -> dict[str, dict[str, float]]:
    return dict(json.loads((run / "metrics.json").read_text()))


@pytest.mark.usefixtures("blobs")
def test_it_is_trained_measured_and_measured_again(tmp_path: Path, mlfw_here: Mlfw) -> None:
    ran = mlfw_here("run", *ALLOW, *run_arguments(), "trainer.epochs=15", "run.name=net")
    again = mlfw_here("evaluate", "net", *ALLOW, "--json")
    listed = mlfw_here("runs")

    assert ran.returncode == again.returncode == 0, ran.stderr + again.stderr
    run = tmp_path / "runs/net"
    measured = metrics(run)
    assert measured["test"]["test_acc"] > 0.8
    assert set(measured["validation"]) == {"val_loss", "val_acc"}
    assert json.loads(again.stdout) == measured
    assert f"val_loss {measured['validation']['val_loss']:.4g}" in listed.stdout
    assert "mlfw evaluate runs/net --allow-import blobs" in ran.stdout
    assert "mlfw predict" not in ran.stdout
    report = (run / "report.md").read_text()
    assert "lightning (blobs.nets:Net)" in report
    assert "| test_acc | - |" in report
    assert "baseline" not in report


@pytest.mark.usefixtures("blobs")
def test_only_weights_and_names_are_saved(tmp_path: Path, mlfw_here: Mlfw) -> None:
    mlfw_here("run", *ALLOW, *run_arguments(), "model.options.width=5", "run.name=net")

    model = tmp_path / "runs/net/model"
    manifest = json.loads((model / "manifest.json").read_text())
    weights = load_file(model / "weights.safetensors")
    assert sorted(file.name for file in model.iterdir()) == ["manifest.json", "weights.safetensors"]
    assert manifest["model"]["module"] == "blobs.nets:Net"
    assert manifest["model"]["options"] == {"width": 5}
    assert weights["net.0.weight"].shape == (5, 4)
    assert not (tmp_path / "runs/net/data").exists()


@pytest.mark.usefixtures("blobs")
def test_the_best_epoch_counts_by_whatever_is_monitored(tmp_path: Path, mlfw_here: Mlfw) -> None:
    epochs = ("trainer.epochs=12", "trainer.patience=null", "model.options.lr=3.0")
    best = mlfw_here(
        "run", *ALLOW, *run_arguments(), *epochs,
        "model.monitor=val_acc", "model.mode=max", "run.name=best",
    )  # fmt: skip
    last = mlfw_here(
        "run", *ALLOW, *run_arguments(), *epochs, "model.monitor=null", "run.name=last"
    )

    assert best.returncode == last.returncode == 0, best.stderr + last.stderr
    accuracy = [
        metrics(tmp_path / "runs" / name)["validation"]["val_acc"] for name in ("best", "last")
    ]
    assert accuracy[0] > accuracy[1]
    assert "val_acc" in mlfw_here("runs").stdout


@pytest.mark.usefixtures("blobs")
@pytest.mark.parametrize(
    ("net", "data", "splits"),
    [
        ("Late", "Blobs", {"validation": 2, "test": 2}),
        ("Unvalidated", "Blobs", {"validation": 0, "test": 2}),
        ("Tied", "Untested", {"validation": 2, "test": 0}),
    ],
)
def test_modules_of_other_shapes_run_too(
    net: str, data: str, splits: dict[str, int], tmp_path: Path, mlfw_here: Mlfw
) -> None:
    ran = mlfw_here("run", *ALLOW, *run_arguments(net, data), "run.name=net")
    again = mlfw_here("evaluate", "net", *ALLOW)

    assert ran.returncode == again.returncode == 0, ran.stderr + again.stderr
    measured = metrics(tmp_path / "runs/net")
    assert {name: len(values) for name, values in measured.items()} == splits


@pytest.mark.usefixtures("blobs")
def test_options_are_tuned_by_what_the_module_logs(tmp_path: Path, mlfw_here: Mlfw) -> None:
    ran = mlfw_here(
        "run", *ALLOW, *run_arguments(), "run.name=tuned", "tuner=grid",
        "tuner.space.options.lr=[1e-6,0.1]", "tuner.space.options.width=[8]",
        "trainer.epochs=8",
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    run = tmp_path / "runs/tuned"
    tuning = json.loads((run / "tuning.json").read_text())
    trials = [json.loads(file.read_text()) for file in sorted((run / "trials").glob("*.json"))]
    values = {trial["params"]["options.lr"]: trial["value"] for trial in trials}
    assert values[0.1] < values[1e-6]
    assert tuning["metric"] == "val_loss"
    assert tuning["params"] == {"options.lr": 0.1, "options.width": 8}
    assert metrics(run)["validation"]["val_loss"] == pytest.approx(tuning["value"])
    manifest = json.loads((run / "model/manifest.json").read_text())
    assert manifest["model"]["options"] == {"lr": 0.1, "width": 8}


@pytest.mark.usefixtures("blobs")
def test_python_code_grants_the_package_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    run = mlfw.run(overrides=run_arguments(), allow_imports=["blobs"])

    assert run.metrics["test"]["test_loss"] > 0
    with pytest.raises(mlfw.UserError, match="takes no table"):
        mlfw.load(run.dir, allow_imports=["blobs"])
    with pytest.raises(mlfw.UserError, match="only the command line can allow"):
        mlfw.run(overrides=run_arguments())


@pytest.mark.slow
def test_two_ranks_are_given_the_grant(blobs: Path, tmp_path: Path, mlfw_here: Mlfw) -> None:
    ran = mlfw_here(
        "run", *ALLOW, *run_arguments(), "trainer.devices=2", "trainer.epochs=2", "run.name=two"
    )

    assert ran.returncode == 0, ran.stderr
    assert metrics(tmp_path / "runs/two")["validation"]["val_loss"] > 0
