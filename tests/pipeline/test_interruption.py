"""A run killed at any stage is continued, and ends as if it had never been killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Mlfw, environment, write_small_csv
from light_run import LIGHT, beside_light, light_site

KILLER = """
import os, signal
import mlfw

def kill_at(moment):
    if os.environ.get("KILL_AT") == moment:
        os.kill(os.getpid(), signal.SIGKILL)

@mlfw.hookimpl
def mlfw_run_started(run): kill_at("start")

@mlfw.hookimpl
def mlfw_stage_finished(run, stage): kill_at(stage)

@mlfw.hookimpl
def mlfw_trial_finished(run, number): kill_at(f"trial {number}")

@mlfw.hookimpl
def mlfw_run_finished(run, failed): kill_at("end")
"""
DATA = ("dataset=csv", "dataset.path=small.csv", "dataset.target=good")
RUN = ("run", *DATA, *LIGHT, "tuner=random", "tuner.trials=4")
TREE = ("run", *DATA, "model=tree", "metrics=[accuracy]")


def outcome(run: Path) -> tuple[object, ...]:
    trials = [json.loads(path.read_text()) for path in sorted((run / "trials").glob("*.json"))]
    return (
        json.loads((run / "metrics.json").read_text()),
        [(trial["number"], trial["params"], trial["value"]) for trial in trials],
        json.loads((run / "tuning.json").read_text())["params"],
        json.loads((run / "model/manifest.json").read_text())["files"]["share.json"],
    )


TRIALS_DONE = {"start": 0, "prepare": 0, "trial 2": 3}


def trials(run: Path) -> dict[str, int]:
    """Return when each trial's file was written."""
    return {path.name: path.stat().st_mtime_ns for path in (run / "trials").glob("*.json")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    """What an uninterrupted run of the same configuration comes to."""
    folder = tmp_path_factory.mktemp("whole")
    write_small_csv(folder / "small.csv")
    command = [sys.executable, "-m", "mlfw", *RUN, "run.dir=run"]
    env = environment(PYTHONPATH=light_site(folder))
    subprocess.run(command, check=True, cwd=folder, env=env, capture_output=True)
    return outcome(folder / "run")


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("start", marks=pytest.mark.slow),
        pytest.param("prepare", marks=pytest.mark.slow),
        pytest.param("trial 2", marks=pytest.mark.slow),
        pytest.param("tune", marks=pytest.mark.slow),
        "fit",
        pytest.param("evaluate", marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_is_continued_to_the_same_end(
    moment: str,
    whole: tuple[object, ...],
    tmp_path: Path,
    small_csv: Path,
    mlfw: Mlfw,
    mlfw_here: Mlfw,
) -> None:
    site = beside_light(tmp_path, "killer", KILLER)

    killed = mlfw(*RUN, PYTHONPATH=site, KILL_AT=moment)
    (first,) = (tmp_path / "runs").glob("small-*")
    done = trials(first)
    listed = mlfw_here("runs").stdout
    continued = mlfw(*RUN, PYTHONPATH=site)

    assert killed.returncode == -signal.SIGKILL
    assert "interrupted" in listed
    assert continued.returncode == 0, continued.stderr
    assert "continuing runs/small-light" in continued.stderr
    assert outcome(first) == whole
    assert len(done) == TRIALS_DONE.get(moment, 4)
    assert done.items() <= trials(first).items()  # what was done is not done again
    assert not list(first.glob("**/.tmp-*")) or moment == "start"


def test_typing_a_finished_run_again_skips_every_stage_when_it_names_the_directory(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    first = mlfw_here(*TREE, "run.dir=here")
    model = tmp_path / "here/model/manifest.json"
    written = model.stat().st_mtime_ns

    again = mlfw_here(*TREE, "run.dir=here")

    assert first.returncode == again.returncode == 0
    assert model.stat().st_mtime_ns == written


def test_changed_data_is_noticed_when_a_run_is_continued(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    site = beside_light(tmp_path, "killer", KILLER)
    mlfw(*RUN, PYTHONPATH=site, KILL_AT="tune")
    with small_csv.open("a") as file:
        file.write("99,red,yes,2024-01-01,9,good\n" * 10)

    continued = mlfw(*RUN, PYTHONPATH=site)

    assert continued.returncode == 0
    (run,) = (tmp_path / "runs").iterdir()
    report = (run / "report.md").read_text()
    assert "30 for training" in report


def test_a_failed_run_leaves_the_others_as_they_are(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    mlfw_here(*TREE, "run.name=good")
    files = {p: p.read_bytes() for p in (tmp_path / "runs/good").rglob("*") if p.is_file()}

    refused = mlfw_here(*TREE, "run.name=good", "model=svm")
    failed = mlfw_here(*TREE, "dataset.target=seen")

    assert refused.returncode == failed.returncode == 2
    assert files == {p: p.read_bytes() for p in (tmp_path / "runs/good").rglob("*") if p.is_file()}
