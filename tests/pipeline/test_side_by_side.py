"""Trials, folds and the fit of a run in worker processes: as in one process, whatever is killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Mlfw, environment, within, write_small_csv
from stepping import RUN, kill, outcome, stepping_site, wait_until_gone, workers_of

SIDE_BY_SIDE = (*RUN, "executor.workers=2")


class Driver:
    """`mlfw run` as a process, whose environment and that of all it starts bears a mark."""

    def __init__(self, folder: Path, *arguments: str, **changes: str) -> None:
        self.mark = f"MARK={uuid.uuid4().hex}"
        name, value = self.mark.split("=")
        places = [folder / "site-light", folder / "site-stepping"]
        there = all(place.exists() for place in places)
        site = os.pathsep.join(map(str, places)) if there else stepping_site(folder)
        log = str(folder / "steps.log")
        given = environment(PYTHONPATH=site, STEPS=log, **{name: value}, **changes)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlfw", *arguments],
            cwd=folder,
            env=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + within(90)
        while not condition():
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < until
            time.sleep(0.01)

    def workers(self) -> list[int]:
        return workers_of(self.mark)

    def ended(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and what was printed."""
        _, errors = self.process.communicate(timeout=within(120))
        return self.process.returncode, errors

    def left(self) -> list[int]:
        """Return the processes that are left some time after the end."""
        return wait_until_gone(self.mark, within(10))


def steps(folder: Path) -> list[str]:
    log = folder / "steps.log"
    return log.read_text().splitlines() if log.exists() else []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run in one process comes to that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    write_small_csv(folder / "small.csv")
    status, errors = Driver(folder, *RUN).ended()
    assert status == 0, errors
    return outcome(folder / "run")


def test_kills_of_workers_and_of_the_driver_change_nothing(
    whole: dict[str, Any], tmp_path: Path, small_csv: Path
) -> None:
    command = (*SIDE_BY_SIDE, "model.seconds=0.1")
    first = Driver(tmp_path, *command)
    first.wait_for(lambda: len(steps(tmp_path)) > 3)
    kill(first.workers()[0])
    first.wait_for(lambda: list(tmp_path.glob("run/trials/*.json")))
    kill(first.process.pid)
    killed, shown = first.ended()
    left = first.left()
    done = written(tmp_path)
    last = Driver(tmp_path, *command, END_FIT=str(tmp_path / "ended"))
    status, errors = last.ended()

    assert (killed, status) == (-signal.SIGKILL, 0), errors
    assert "was killed by SIGKILL; starting it again (1/3)" in shown
    assert "fit: the worker was killed by SIGKILL; starting it again (1/3)" in errors
    assert left + last.left() == []
    assert outcome(tmp_path / "run") == whole
    assert done.items() <= written(tmp_path).items()  # what was done is not done again
    fit = [line for line in steps(tmp_path) if line.startswith("checkpoints ")]
    assert [line.split()[-1] for line in fit] == ["1", "2", "3", "4", "5"]


def written(folder: Path) -> dict[str, int]:
    """Return when each trial's file was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("run/trials/*.json")}


@pytest.mark.slow
def test_workers_come_to_the_same_as_one_process_and_leave_nothing(
    whole: dict[str, Any], tmp_path: Path, small_csv: Path
) -> None:
    driver = Driver(tmp_path, *SIDE_BY_SIDE)
    status, errors = driver.ended()

    assert status == 0, errors
    assert outcome(tmp_path / "run") == whole
    assert driver.left() == []
    assert len(steps(tmp_path)) == 6 * 2 * 5 + 2 * 5 + 5  # trials, folds, and the fit


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_many_kills_at_any_moment_change_nothing(
    seed: int, whole: dict[str, Any], tmp_path: Path, small_csv: Path
) -> None:
    chosen, kills = random.Random(seed), 0
    command = (*SIDE_BY_SIDE, "executor.retries=50", "model.seconds=0.15")
    while True:
        driver = Driver(tmp_path, *command)
        while driver.process.poll() is None and kills < 20:
            time.sleep(chosen.uniform(0.2, 3))
            workers = driver.workers()
            victim = chosen.choice([*workers, *workers, driver.process.pid])
            kill(victim)
            kills += 1
            if victim == driver.process.pid:
                break
        status, errors = driver.ended()
        assert driver.left() == []
        if status == 0:
            break
        assert status == -signal.SIGKILL, errors

    assert kills >= 15
    assert outcome(tmp_path / "run") == whole


@pytest.mark.slow
def test_a_stopped_run_ends_its_workers_and_continues_where_they_saved(
    whole: dict[str, Any], tmp_path: Path, small_csv: Path
) -> None:
    command = (*SIDE_BY_SIDE, "model.seconds=0.2")
    driver = Driver(tmp_path, *command)
    driver.wait_for(lambda: len(steps(tmp_path)) > 3)
    driver.process.send_signal(signal.SIGTERM)
    status, errors = driver.ended()
    left = driver.left()
    taken = len(steps(tmp_path))
    continued, more = Driver(tmp_path, *command).ended()

    assert status == 143
    assert "stopped by SIGTERM" in errors
    assert left == []
    assert json.loads((tmp_path / "run/run.json").read_text())["state"] == "finished"
    assert continued == 0, more
    assert taken < 60
    assert len(steps(tmp_path)) == 6 * 2 * 5 + 2 * 5 + 5  # no step was taken twice
    assert outcome(tmp_path / "run") == whole


@pytest.fixture
def stepping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_csv: Path) -> None:
    """Make the plugins known to this process."""
    for folder in stepping_site(tmp_path).split(os.pathsep):
        monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("STEPS", str(tmp_path / "steps.log"))


@pytest.mark.slow
@pytest.mark.usefixtures("stepping")
def test_a_job_that_is_lost_too_often_ends_the_run_which_can_be_continued(
    whole: dict[str, Any], tmp_path: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("END_FIT", str(tmp_path / "ended"))
    failed = mlfw_here(*SIDE_BY_SIDE, "executor.retries=0")
    continued = mlfw_here(*RUN, "executor.workers=1")

    assert failed.returncode == 1
    said = f"mlfw: fit on {os.uname().nodename}: the worker was killed by SIGKILL."
    assert said in failed.stderr
    assert "To continue the run, type the same command again." in failed.stderr
    assert continued.returncode == 0, continued.stderr
    assert outcome(tmp_path / "run") == whole


@pytest.mark.slow
@pytest.mark.usefixtures("stepping")
def test_a_search_keeps_the_batches_that_it_was_begun_with(tmp_path: Path, mlfw_here: Mlfw) -> None:
    command = [text for text in RUN if not text.startswith(("tuner.batch", "split"))]
    begun = mlfw_here(*command, "executor.workers=2")
    (tmp_path / "run/stages/tune.json").unlink()
    goes_on = mlfw_here(*command, "executor.workers=3")

    assert begun.returncode == goes_on.returncode == 0, goes_on.stderr
    assert json.loads((tmp_path / "run/search.json").read_text())["batch"] == 2
    assert "the search goes on as it was begun, 2 trials at a time" in goes_on.stderr
    assert "tuner.batch=3" in goes_on.stderr
