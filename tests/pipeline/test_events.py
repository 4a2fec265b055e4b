"""Plugins, trackers and listeners are told what goes on; none of them can break a run."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Mlfw
from light_run import LIGHT, beside_light

RUN = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", *LIGHT)
LISTENER = """
import json
import mlfw

def note(run, *event):
    with open(run.folder.parent.parent / "events.jsonl", "a") as file:
        file.write(json.dumps(event) + "\\n")

@mlfw.hookimpl
def mlfw_run_started(run): note(run, "started", run.config["model"]["use"])

@mlfw.hookimpl
def mlfw_stage_finished(run, stage): note(run, "stage", stage)

@mlfw.hookimpl
def mlfw_trial_finished(run, number, params, value): note(run, "trial", number)

@mlfw.hookimpl
def mlfw_run_finished(run, failed): note(run, "finished", failed)
"""
FAULTY = """
from dataclasses import dataclass
import mlfw

@dataclass(kw_only=True)
class Lost(mlfw.Tracker):
    '''Cannot be reached.'''
    def start(self, run): pass
    def log(self, values, step=None): raise ConnectionError("no way there")
    def finish(self, *, failed): raise AssertionError("called after it failed")

@mlfw.hookimpl
def mlfw_trackers(): return {"lost": Lost}

@mlfw.hookimpl
def mlfw_stage_finished(run, stage): raise ValueError(f"do not like {stage}")
"""


def events(folder: Path) -> list[list[object]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_listeners_are_told_of_every_stage(tmp_path: Path, small_csv: Path, mlfw: Mlfw) -> None:
    site = beside_light(tmp_path, "listener", LISTENER)

    mlfw(*RUN, "tuner=grid", "tuner.space.share=[0.3,0.6]", PYTHONPATH=site)

    assert events(tmp_path) == [
        ["started", "light"],
        ["stage", "prepare"],
        ["trial", 0],
        ["trial", 1],
        ["stage", "tune"],
        ["stage", "fit"],
        ["stage", "evaluate"],
        ["stage", "deploy"],
        ["finished", False],
    ]


def test_a_failed_run_is_told_of(tmp_path: Path, small_csv: Path, mlfw: Mlfw) -> None:
    site = beside_light(tmp_path, "listener", LISTENER)

    result = mlfw(*RUN, "dataset.target=seen", PYTHONPATH=site)

    assert result.returncode == 2
    assert events(tmp_path)[-1] == ["finished", True]


def test_a_faulty_tracker_and_a_faulty_listener_are_left_out_once(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    site = beside_light(tmp_path, "faulty", FAULTY)

    result = mlfw(*RUN, "tracker=lost", PYTHONPATH=site)

    assert result.returncode == 0
    assert "brier" in result.stdout
    assert result.stderr.count("do not like") == 1
    assert result.stderr.count("tracker Lost failed and is left out: no way there") == 1
    (run,) = (tmp_path / "runs").iterdir()
    assert "ConnectionError" in (run / "log.txt").read_text()
