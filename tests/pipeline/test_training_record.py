"""training.json: the whole curve once, whatever happened on the way, and the estimate's error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import Mlfw
from mlfw import Estimate
from mlfw.pipeline.training import Training
from mlfw.pipeline.training_report import cost_compared, training_section
from mlfw.runs import RunDirectory
from plugin_folder import write_plugin

KILLER = """
import os, signal
import mlfw

@mlfw.hookimpl
def mlfw_epoch_finished(run, epoch):
    if os.environ.get("KILL_AT") == str(epoch):
        os.kill(os.getpid(), signal.SIGKILL)
"""
NETWORK = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=mlp",
           "trainer.accelerator=cpu", "trainer.epochs=5", "trainer.patience=null",
           "run.dir=run")  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / "run")


def recorded(run: RunDirectory, first: int, last: int, fingerprint: str = "f") -> Training:
    training = Training(run, fingerprint)
    if not training.continued:
        training.estimate = Estimate(
            seconds=100, basis="a guess", epochs=10, epoch_seconds=10, memory=1
        )
    training.begin()
    for epoch in range(first, last + 1):
        training.epoch(epoch, {"loss": 1 / epoch})
    return training


def content(run: RunDirectory) -> dict[str, object]:
    return dict(json.loads(run.training_file.read_text()))


def epochs(run: RunDirectory) -> list[int]:
    return [epoch["epoch"] for epoch in content(run)["epochs"]]  # type: ignore[attr-defined]


def test_a_curve_goes_on_where_a_killed_process_left_it(run: RunDirectory) -> None:
    recorded(run, 1, 4).note("slow")
    recorded(run, 5, 6).save(finished=True)

    assert epochs(run) == [1, 2, 3, 4, 5, 6]
    assert content(run)["notes"] == ["slow"]
    assert content(run)["estimated_seconds"] == 60


def test_epochs_that_are_trained_again_take_the_place_of_the_old_ones(run: RunDirectory) -> None:
    recorded(run, 1, 5)
    recorded(run, 3, 4).save(finished=True)

    assert epochs(run) == [1, 2, 3, 4]


def test_a_line_that_was_torn_is_dropped_and_nothing_is_glued_to_it(run: RunDirectory) -> None:
    recorded(run, 1, 3)
    file = run.checkpoints / "curve.jsonl"
    file.write_text(file.read_text()[:-9])
    recorded(run, 3, 4)
    recorded(run, 5, 5).save(finished=True)

    assert epochs(run) == [1, 2, 3, 4, 5]


def test_the_record_of_another_fit_is_not_taken_up(run: RunDirectory) -> None:
    recorded(run, 1, 5)
    training = recorded(run, 1, 2, fingerprint="other")
    training.save(finished=True)

    assert not training.continued
    assert epochs(run) == [1, 2]


def test_the_report_shows_a_loss_of_zero_and_the_best_epoch(run: RunDirectory) -> None:
    training = recorded(run, 1, 0)
    for epoch, loss in enumerate((0.5, 0.25, 0.375), start=1):
        values = {"interval_loss": 9.0 - epoch, "train/loss": 0.0, "validation/loss": loss}
        training.epoch(epoch, values)
    training.save(finished=True)

    assert training_section(run)[2] == (
        "- 3 epochs, the last with interval_loss 6, train/loss 0, validation/loss 0.375; lowest "
        "validation/loss 0.25 at epoch 2"
    )


def test_a_fit_that_failed_keeps_its_curve_and_claims_no_error(run: RunDirectory) -> None:
    recorded(run, 1, 2).save(finished=False)

    assert epochs(run) == [1, 2]
    assert "error" not in content(run)


def test_values_that_are_not_finite_are_null(run: RunDirectory) -> None:
    training = recorded(run, 1, 1)
    training.epoch(2, {"loss": float("nan")})
    training.save(finished=False)

    assert content(run)["epochs"][1]["values"] == {"loss": None}  # type: ignore[index]


@pytest.mark.slow
def test_a_killed_run_has_the_whole_curve_once_and_its_estimate(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    site = write_plugin(tmp_path, "killer", KILLER)
    mlfw(*NETWORK, PYTHONPATH=site, KILL_AT="2")
    killed_at = [json.loads(line) for line in (tmp_path / "run/checkpoints/curve.jsonl").open()]

    continued = mlfw(*NETWORK, PYTHONPATH=site)

    assert continued.returncode == 0, continued.stderr
    run = RunDirectory(tmp_path / "run")
    assert epochs(run) == [1, 2, 3, 4, 5]
    assert content(run)["estimate"] == killed_at[0]["estimate"]
    took, expected, error = (content(run)[k] for k in ("seconds", "estimated_seconds", "error"))
    assert error == pytest.approx(expected / took - 1)  # type: ignore[operator]
    assert ("Trained in" in continued.stdout) == (took >= 5)  # type: ignore[operator]
    report = run.report_file.read_text()
    assert "## Training" in report
    assert "- 5 epochs, the last with train/loss" in report


LONG = {
    "seconds": 54.0, "estimated_seconds": 19.0, "epochs": [], "peak_memory": 272_000_000,
    "estimate": {"seconds": 19.0, "basis": "x", "memory": 250_000_000, "device": "cpu"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Trained in 54 s (estimated 19 s), peak memory 272 MB"),
        ({"seconds": 4.9}, ""),
        ({"estimate": None}, "Trained in 54 s"),
        (
            {"estimate": {**LONG["estimate"], "epochs": 100}, "epochs": [{}] * 34},
            "Trained in 54 s for 34 of 100 epochs (estimated 19 s), peak memory 272 MB",
        ),
        ({"estimate": {"seconds": 19.0, "basis": "x"}}, "Trained in 54 s (estimated 19 s)"),
    ],
)  # type: ignore[dict-item]
def test_what_a_long_training_took_is_said_beside_its_estimate(
    changes: dict[str, object], said: str
) -> None:
    assert cost_compared({**LONG, **changes}) == said
