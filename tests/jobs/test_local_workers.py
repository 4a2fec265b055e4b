"""Jobs in worker processes of this machine: results, losses, stops, and nothing left behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import mlfw
from conftest import ROOT, environment, within
from made_jobs import JOBS
from mlfw.jobs.in_process import InProcess
from mlfw.jobs.local import LocalExecutor
from mlfw.plugins import load_plugins
from plugin_folder import write_plugin

NEEDS = mlfw.Resources()


class Heard(mlfw.Watch):
    """Keeps what it is told, and asks to stop as soon as it is set to."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.messages: list[Mapping[str, Any]] = []
        self.notes: list[str] = []
        self.until: list[Path] = []

    def started(self, job: mlfw.Job, host: str) -> None:
        self.events.append(("started", str(job)))

    def told(self, job: mlfw.Job, message: Mapping[str, Any]) -> None:
        self.messages.append(message)

    def ended(self, job: mlfw.Job) -> None:
        self.events.append(("ended", str(job)))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def stopping(self) -> bool:
        return bool(self.until) and all(path.exists() for path in self.until)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mlfw.JobSetup]:
    site = write_plugin(tmp_path_factory.mktemp("plugin"), "made", JOBS)
    sys.path.insert(0, site)
    yield mlfw.JobSetup(load_plugins().registry.job)
    sys.path.remove(site)


@pytest.fixture(scope="module")
def workers(setup: mlfw.JobSetup) -> Iterator[mlfw.Workers]:
    started = LocalExecutor(workers=2, retries=1, heartbeat=3).start(setup)
    yield started
    started.close()


def run(workers: mlfw.Workers, *jobs: mlfw.Job, watch: mlfw.Watch | None = None) -> dict[str, Any]:
    results = workers.map(jobs, NEEDS, watch or mlfw.Watch())
    return {str(result.job): result for result in results}


def test_each_job_is_run_once_in_warm_processes_that_share_the_cores(
    workers: mlfw.Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [mlfw.Job("echo", {"number": i}, label=str(i)) for i in range(6)]

    results = run(workers, *jobs)

    assert {name: each.value["got"] for name, each in results.items()} == {
        str(i): {"number": i} for i in range(6)
    }
    pids = {each.value["pid"] for each in results.values()}
    assert len(pids) <= 2
    assert os.getpid() not in pids
    assert {each.value["threads"] for each in results.values()} == {1}
    again = run(workers, *jobs)
    assert {each.value["pid"] for each in again.values()} <= pids


def test_jobs_are_taken_only_when_there_is_room_for_them(workers: mlfw.Workers) -> None:
    taken: list[int] = []

    def jobs() -> Iterator[mlfw.Job]:
        for number in range(6):
            taken.append(number)
            yield mlfw.Job("echo", label=str(number))

    for ended, _ in enumerate(workers.map(jobs(), NEEDS, mlfw.Watch()), 1):
        assert len(taken) <= ended + 2


def test_what_a_job_tells_arrives_in_order_and_what_it_prints_is_logged(
    workers: mlfw.Workers, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Heard()

    with caplog.at_level(logging.INFO, logger="mlfw"):
        run(workers, mlfw.Job("tell", label="teller"), watch=watch)
        until = time.monotonic() + within(30)
        while "printed" not in caplog.text and time.monotonic() < until:
            time.sleep(0.02)  # it comes by a pipe of its own

    assert watch.messages == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert watch.events == [("started", "teller"), ("ended", "teller")]
    assert "printed" in caplog.text


@pytest.mark.parametrize("kind", ["here", "elsewhere"])
def test_failures_say_the_same_wherever_the_job_runs(
    kind: str, workers: mlfw.Workers, setup: mlfw.JobSetup
) -> None:
    chosen = InProcess(setup) if kind == "here" else workers

    results = run(chosen, *(mlfw.Job(name) for name in ("crash", "refuse", "absent")))

    crash, refused, absent = (results[f"job {name}"] for name in ("crash", "refuse", "absent"))
    assert (crash.failure.cause, crash.failure.problem) == ("ValueError", "no luck")
    with pytest.raises(mlfw.UserError, match="that cannot be\n  Do this") as caught:
        refused.result()
    assert caught.value.problem == "that cannot be"
    assert "no plugin here has registered such a job" in absent.failure.problem
    assert "crash" in absent.failure.remedy
    if kind == "elsewhere":
        with pytest.raises(mlfw.MlfwError, match="job crash: ValueError: no luck"):
            crash.result()
        assert "not JSON" in run(workers, mlfw.Job("no_json"))["job no_json"].failure.problem


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGSTOP]
)
def test_a_job_whose_worker_is_lost_or_frozen_is_started_again_in_its_folder(
    number: signal.Signals, workers: mlfw.Workers, tmp_path: Path
) -> None:
    watch = Heard()
    given = {"ends": 1, "signal": number.value}
    jobs = [mlfw.Job("count", given, str(tmp_path / "one"), "one"), mlfw.Job("echo")]

    results = run(workers, *jobs, watch=watch)

    assert results["one"].value == 2
    assert results["one"].attempts == 2
    assert watch.events.count(("started", "one")) == watch.events.count(("ended", "one")) == 2
    how = "was frozen" if number == signal.SIGSTOP else number.name
    assert len(watch.notes) == 1
    assert how in watch.notes[0]


def test_a_job_that_is_lost_too_often_fails_and_names_host_and_cause(
    workers: mlfw.Workers, tmp_path: Path
) -> None:
    given = {"ends": 9, "signal": signal.SIGKILL.value}

    (result,) = run(workers, mlfw.Job("count", given, str(tmp_path / "f"), "trial 7")).values()

    assert result.failure.kind is mlfw.FailureKind.lost
    assert len(list((tmp_path / "f").iterdir())) == 2
    error = result.failure.exception(result.job)
    assert str(error).startswith(f"trial 7 on {os.uname().nodename}: the worker was killed by SIGK")
    assert "type the same command again" in str(error)


def test_running_out_of_memory_is_named_with_what_to_set(
    workers: mlfw.Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = iter(range(100))
    monkeypatch.setattr("mlfw.jobs.pool.memory_kills", lambda: next(killed))
    given = {"ends": 9, "signal": signal.SIGKILL.value}

    (result,) = run(workers, mlfw.Job("count", given, str(tmp_path / "f"), "trial 7")).values()

    error = result.failure.exception(result.job)
    assert isinstance(error, mlfw.UserError)
    assert "memory ran out" in error.problem
    assert "executor.workers=1" in error.remedy


@pytest.mark.slow
def test_code_that_lets_no_thread_run_does_not_count_as_frozen(workers: mlfw.Workers) -> None:
    watch = Heard()

    (result,) = run(workers, mlfw.Job("busy", {"seconds": 9}), watch=watch).values()

    assert result.value > 0
    assert watch.notes == []


def test_stopping_lets_every_job_save_and_end(workers: mlfw.Workers, tmp_path: Path) -> None:
    watch = Heard()
    watch.until = [tmp_path / "a.pid", tmp_path / "b.pid"]
    jobs = [mlfw.Job("wait", {}, str(tmp_path), name) for name in "abc"]

    with pytest.raises(mlfw.StopRequested):
        list(workers.map(jobs, NEEDS, watch))

    assert sorted(path.name for path in tmp_path.glob("*.saved")) == ["a.saved", "b.saved"]
    assert watch.notes == []
    assert run(workers, mlfw.Job("echo"))  # others can be run afterwards


def test_leaving_the_results_ends_what_still_runs(workers: mlfw.Workers, tmp_path: Path) -> None:
    jobs = [mlfw.Job("echo"), mlfw.Job("wait", {}, str(tmp_path), "a")]
    results = workers.map(jobs, NEEDS, mlfw.Watch())
    next(results)
    wait_for(tmp_path / "a.pid")

    results.close()

    assert all_gone((tmp_path / "a.pid").read_text())


@pytest.mark.slow
def test_gpus_are_divided_among_workers(
    setup: mlfw.JobSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    workers = LocalExecutor(workers=8).start(setup)
    needs = mlfw.Resources(gpus=1)
    try:
        assert (workers.gpus, workers.slots(needs), workers.slots(NEEDS)) == (2, 2, 8)
        assert workers.slots(mlfw.Resources(gpus=0.5)) == 4
        with pytest.raises(mlfw.UserError, match="3 GPUs, and this machine has 2"):
            workers.slots(mlfw.Resources(gpus=3))
        results = list(workers.map([mlfw.Job("echo")] * 2, needs, mlfw.Watch()))
    finally:
        workers.close()

    assert {result.value["visible"] for result in results} == {"4", "5"}


DRIVER = """
import sys
from pathlib import Path
import mlfw
from mlfw.jobs.local import LocalExecutor
from mlfw.plugins import load_plugins

workers = LocalExecutor(workers=2).start(mlfw.JobSetup(load_plugins().registry.job))
jobs = [mlfw.Job("wait", {}, sys.argv[1], name) for name in "ab"]
list(workers.map(jobs, mlfw.Resources(), mlfw.Watch()))
"""


def test_nothing_is_left_of_workers_and_their_children_when_the_driver_is_killed(
    setup: mlfw.JobSetup, tmp_path: Path
) -> None:
    site = next(path for path in sys.path if "site-made" in path)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path)], env=environment(PYTHONPATH=site), cwd=ROOT
    )
    files = [tmp_path / "a.pid", tmp_path / "b.pid"]
    for file in files:
        wait_for(file)
    worker = int(files[0].read_text().split()[0])
    os.kill(worker, signal.SIGSTOP)

    driver.kill()
    driver.wait()

    assert all_gone(" ".join(file.read_text() for file in files))


def wait_for(file: Path) -> None:
    until = time.monotonic() + within(60)
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < until, file
        time.sleep(0.02)


def all_gone(pids: str) -> bool:
    """Wait for the end of processes, as killed ones end soon; return whether all have ended."""
    until = time.monotonic() + within(10)
    while left := [pid for pid in pids.split() if alive(pid)]:
        if time.monotonic() > until:
            return not left
        time.sleep(0.05)
    return True


def alive(pid: str) -> bool:
    """Tell whether a process is there, and not only its exit status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
