"""Runs on Ray lose workers, ranks, machines and themselves, and end as if they had not."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import network_fit
from conftest import environment, within
from ray_jobs import processes

# Fits a network in two ranks on a Ray of its own: python -c FIT FOLDER OPTIONS
FIT = """
import json, sys
from pathlib import Path
import mlfw
from mlfw.files import write_json
from mlfw.plugins import load_plugins
from mlfw_ray import RayExecutor
sys.path.insert(0, sys.argv[3])
from network_fit import fit

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
setup = mlfw.JobSetup(load_plugins().registry.job, folder=folder)
workers = RayExecutor(workers=2, heartbeat=10, retries=9).start(setup)
try:
    write_json(folder / "out.json", fit(folder, json.loads(sys.argv[2]), workers))
finally:
    workers.close()
"""
OPTIONS: dict[str, Any] = {
    "trainer": {"epochs": 60, "patience": None, "devices": 2, "checkpoint_minutes": 0.001},
    "model": {"batch_size": 16},
}


def start(folder: Path, mark: str) -> subprocess.Popen[str]:
    tests = str(Path(network_fit.__file__).parent)
    return subprocess.Popen(
        [sys.executable, "-c", FIT, str(folder), json.dumps(OPTIONS), tests],
        env=environment(TEST_MARK=mark),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(condition: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + within(seconds)
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)
    return found


def epoch(folder: Path) -> int:
    try:
        return int((folder / "epoch").read_text() or 0)
    except (OSError, ValueError):
        return 0


def workers_of(mark: str) -> list[int]:
    """Return the workers that run something."""
    found = processes(mark).items()
    return [pid for pid, line in found if re.match(r"ray::Worker", line)]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What comes of the training where nothing is lost, without Ray."""
    return network_fit.fit(tmp_path_factory.mktemp("whole"), OPTIONS)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_and_frozen_ranks_and_drivers_change_nothing(
    expected: dict[str, Any], tmp_path: Path
) -> None:
    mark = f"TEST_MARK={os.getpid()}-{tmp_path.name}"
    value = mark.partition("=")[2]
    chance = random.Random(0)
    killed = {"rank": 0, "driver": 0}
    driver = start(tmp_path, value)
    rounds = ["rank"] * 5 + ["driver"] + ["rank"] * 5 + ["driver"] + ["rank"] * 3 + ["frozen"]
    for kind in rounds:
        before = epoch(tmp_path)
        until(lambda: epoch(tmp_path) > before or driver.poll() is not None, 120)  # noqa: B023
        assert driver.poll() is None, driver.communicate()[0]
        if kind == "driver":
            driver.kill()
            driver.wait()
            killed_at = time.monotonic()
            until(lambda: not processes(mark), 10)
            assert time.monotonic() - killed_at < within(10)
            driver = start(tmp_path, value)
        else:
            found = until(lambda: workers_of(mark), 60)
            chosen = signal.SIGSTOP if kind == "frozen" else signal.SIGKILL
            os.kill(chance.choice(found), chosen)
        killed["driver" if kind == "driver" else "rank"] += 1

    text, _ = driver.communicate(timeout=600)

    assert driver.returncode == 0, text
    assert sum(killed.values()) >= 15
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["weights"] == expected["weights"]
    assert found["predictions"] == expected["predictions"]
    until(lambda: not processes(mark), 10)


RUN = ("run", "dataset=csv", "dataset.target=Species", "model=tree", "tuner=random",
       "tuner.trials=12", "deployer=none", "run.name=one")  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_run_leaves_nothing_within_seconds_and_the_same_command_continues_it(
    penguins: Path, tmp_path: Path
) -> None:
    def begin(executor: str, folder: str, mark: str) -> subprocess.Popen[str]:
        (tmp_path / folder).mkdir(exist_ok=True)
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mlfw",
                *RUN,
                f"dataset.path={penguins}",
                f"executor={executor}",
            ],
            cwd=tmp_path / folder,
            env=environment(TEST_MARK=mark),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    mark = f"{os.getpid()}-{tmp_path.name}"
    trials = tmp_path / "ray/runs/one/trials"
    for number in (1, 4, 8):
        process = begin("ray", "ray", mark)
        until(lambda: len(list(trials.glob("*.json"))) >= number, 200)  # noqa: B023
        process.kill()
        process.wait()
        killed_at = time.monotonic()
        until(lambda: not processes(f"TEST_MARK={mark}"), 10)
        assert time.monotonic() - killed_at < within(10)
    last, alone = begin("ray", "ray", mark), begin("local", "local", mark)
    said = [process.communicate(timeout=300)[0] for process in (last, alone)]

    assert (last.returncode, alone.returncode) == (0, 0), said
    for file in sorted((tmp_path / "local/runs/one/trials").glob("*.json")):
        one, other = json.loads(file.read_text()), json.loads((trials / file.name).read_text())
        assert (one["params"], one["value"]) == (other["params"], other["value"])
