"""SIGTERM ends a run with exit status 143, after what learns step by step has saved."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import environment
from plugin_folder import write_plugin

LEARNERS = """
import time
from dataclasses import dataclass
from pathlib import Path
import mlfw


@dataclass(kw_only=True)
class Stepwise(mlfw.Model):
    size: int = 1

    def fit(self, data, context):
        Path("learning").touch()
        for step in range(10_000):
            time.sleep(0.01)
            if context.stopping():
                Path("saved").touch()
                raise mlfw.StopRequested

    def load(self, folder, schema):
        raise NotImplementedError


@dataclass(kw_only=True)
class Whole(Stepwise):
    def fit(self, data, context):
        Path("learning").touch()
        time.sleep(60)


@mlfw.hookimpl
def mlfw_models():
    return {"stepwise": Stepwise, "whole": Whole}
"""
RUN = ("dataset=csv", "dataset.path=small.csv", "dataset.target=good", "run.dir=run")


def terminated(folder: Path, *overrides: str) -> tuple[int, str]:
    """Send SIGTERM to a run that learns; return its exit status and what it says."""
    site = write_plugin(folder, "learners", LEARNERS)
    process = subprocess.Popen(
        [sys.executable, "-m", "mlfw", "run", *RUN, *overrides],
        cwd=folder,
        env=environment(PYTHONPATH=site),
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (folder / "learning").exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=45)
    return process.returncode, errors


@pytest.mark.parametrize(
    "overrides",
    [("model=stepwise",), ("model=stepwise", "tuner=grid", "tuner.space.size=[1,2]")],
    ids=["fit", "trial"],
)
def test_what_asks_after_every_step_saves_before_the_run_ends(
    overrides: tuple[str, ...], tmp_path: Path, small_csv: Path
) -> None:
    status, errors = terminated(tmp_path, *overrides)

    assert status == 143
    assert "stopped by SIGTERM" in errors
    assert (tmp_path / "saved").exists()
    assert json.loads((tmp_path / "run/run.json").read_text())["state"] == "interrupted"
    assert not list((tmp_path / "run").glob("trials/*.json"))


def test_what_does_not_ask_is_interrupted_at_once(tmp_path: Path, small_csv: Path) -> None:
    status, _ = terminated(tmp_path, "model=whole")

    assert status == 143
    assert json.loads((tmp_path / "run/run.json").read_text())["state"] == "interrupted"


STUCK = """
import ctypes, sys
from mlfw.pipeline.stop import StopSignal

with StopSignal(seconds=0.5).listening() as stop:
    print(stop.asked(), flush=True)
    # Foreign code that never returns to Python, where handlers would run.
    {stuck}
"""


@pytest.mark.parametrize(
    "stuck",
    [
        "libc = ctypes.CDLL(None)\n    while True: libc.sleep(1000)",
        "while True: pass",
    ],
    ids=["foreign code", "a step without end"],
)
def test_what_does_not_end_in_time_is_ended(stuck: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK.format(stuck=stuck)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "False\n"

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 143


FORKED = """
import os, signal, time
from mlfw.pipeline.stop import StopSignal

with StopSignal(seconds=0.2).listening() as stop:
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    time.sleep(1)
    print(os.WTERMSIG(status), stop.asked())
"""


def test_a_forked_worker_that_is_ended_does_not_end_the_run() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=True
    ).stdout

    assert shown == f"{int(signal.SIGTERM)} False\n"
