"""Jobs on a Ray of this machine: results, losses, stops, ranks, and what it listens on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlfw
from conftest import Mlfw
from mlfw_ray import RayExecutor
from network_fit import fit
from ray_jobs import Heard, jobs_plugin, processes

NEEDS = mlfw.Resources()


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mlfw.Workers]:
    """Workers on a Ray with two cores."""
    folder = tmp_path_factory.mktemp("ray")
    with jobs_plugin(folder):
        setup = mlfw.JobSetup(mlfw_jobs_here, folder=folder)
        started = RayExecutor(workers=2, heartbeat=20).start(setup)
        try:
            started.slots(NEEDS)
            yield started
        finally:
            started.close()


def mlfw_jobs_here(name: str) -> mlfw.JobFunction:
    raise AssertionError(f"{name}: jobs are to run on the cluster")


def results(
    workers: mlfw.Workers, jobs: list[mlfw.Job], watch: mlfw.Watch | None = None
) -> list[mlfw.JobResult]:
    return list(workers.map(jobs, NEEDS, watch or Heard()))


def make_room(workers: mlfw.Workers) -> None:
    """End the workers that are kept, so that others find free cores on the same Ray."""
    workers.together([mlfw.Job("place")], NEEDS, Heard())


def test_jobs_run_in_workers_that_are_kept_and_compute_with_their_threads_alone(
    workers: mlfw.Workers,
) -> None:
    watch = Heard()
    jobs = [mlfw.Job("echo", {"number": n}, label=f"job {n}") for n in range(20)]

    ended = {result.value["got"]["number"]: result for result in results(workers, jobs, watch)}

    assert sorted(ended) == list(range(20))
    pids = {result.value["pid"] for result in ended.values()}
    assert len(pids) <= 2
    assert os.getpid() not in pids
    assert {result.value["threads"] for result in ended.values()} == {1}
    assert sorted(watch.started_on) == sorted((f"job {n}", "") for n in range(20))
    assert sorted(watch.ended_jobs) == sorted(f"job {n}" for n in range(20))


def test_messages_come_in_their_order_and_before_the_result(workers: mlfw.Workers) -> None:
    watch = Heard()

    for _ in workers.map([mlfw.Job("tell")], NEEDS, watch):
        assert watch.messages == [{"number": number} for number in range(3)]


def test_a_user_s_mistake_and_a_crash_fail_at_once(workers: mlfw.Workers) -> None:
    jobs = [mlfw.Job("refuse", label="one"), mlfw.Job("crash", label="two")]

    ended = {str(result.job): result for result in results(workers, jobs)}

    with pytest.raises(mlfw.UserError, match=r"that cannot be\n  Do this."):
        ended["one"].result()
    with pytest.raises(mlfw.MlfwError, match="two: ValueError: no luck"):
        ended["two"].result()
    assert {result.attempts for result in ended.values()} == {1}


def test_a_killed_worker_s_job_is_started_again(workers: mlfw.Workers, tmp_path: Path) -> None:
    watch = Heard()
    arguments = {"ends": 1, "signal": signal.SIGKILL}

    (result,) = results(workers, [mlfw.Job("count", arguments, str(tmp_path), "trial 7")], watch)

    assert (result.value, result.attempts) == (2, 2)
    host = re.escape(os.uname().nodename)
    expected = (
        rf"trial 7 on {host}: the worker was killed or has crashed; starting it again \(1/3\)"
    )
    assert re.fullmatch(expected, watch.notes[0])


def test_an_exhausted_retry_names_job_machine_and_cause(
    workers: mlfw.Workers, tmp_path: Path
) -> None:
    arguments = {"ends": 9, "signal": signal.SIGKILL}

    (result,) = results(workers, [mlfw.Job("count", arguments, str(tmp_path), "trial 7")])

    assert result.failure is not None
    assert result.attempts == 4
    assert result.failure.kind is mlfw.FailureKind.lost
    expected = rf"trial 7 on {re.escape(os.uname().nodename)}: the worker was killed or has crashed"
    with pytest.raises(mlfw.MlfwError, match=expected):
        result.result()


def test_a_request_to_stop_reaches_jobs_which_save(workers: mlfw.Workers, tmp_path: Path) -> None:
    jobs = [mlfw.Job("wait", folder=str(tmp_path), label=str(number)) for number in range(2)]
    watch = Heard(tmp_path / "0.pid", tmp_path / "1.pid")

    with pytest.raises(mlfw.StopRequested):
        results(workers, jobs, watch)

    assert (tmp_path / "0.saved").exists()
    assert (tmp_path / "1.saved").exists()


def test_jobs_that_are_started_together_know_their_places_also_when_a_job_starts_them(
    workers: mlfw.Workers,
) -> None:
    jobs = [mlfw.Job("place", label=f"rank {number}") for number in range(2)]
    expected = [[0, 2, 0, "file"], [1, 2, 1, "file"]]
    before = set(Path(tempfile.gettempdir()).glob("mlfw-ranks-*"))

    together = workers.together(jobs, NEEDS, Heard())
    (inside,) = workers.map([mlfw.Job("nested", {"ranks": 2})], mlfw.Resources(alone=True), Heard())

    assert [result.result() for result in together] == expected
    assert inside.result() == expected
    assert set(Path(tempfile.gettempdir()).glob("mlfw-ranks-*")) <= before


@pytest.mark.slow
def test_two_ranks_train_to_the_bit_what_they_train_without_ray(
    workers: mlfw.Workers, tmp_path: Path
) -> None:
    options = {
        "trainer": {"epochs": 2, "patience": None, "devices": 2},
        "model": {"batch_size": 32},
    }

    here = fit(tmp_path / "here", options)
    there = fit(tmp_path / "there", options, workers)

    assert there["weights"] == here["weights"]
    assert there["epochs"] == here["epochs"]
    assert not (tmp_path / "there/ranks").exists()


def test_a_tuned_run_on_ray_is_the_run_of_one_process(
    workers: mlfw.Workers, mlfw_here: Mlfw, penguins: Path, tmp_path: Path
) -> None:
    run = ("run", "dataset=csv", f"dataset.path={penguins}", "dataset.target=Species",
           "model=tree", "tuner=random", "tuner.trials=3", "deployer=none")  # fmt: skip
    make_room(workers)
    found = []
    for name, executor in (("alone", "local"), ("shared", "ray")):
        ended = mlfw_here(*run, f"executor={executor}", f"run.name={name}")
        assert ended.returncode == 0, ended.stderr
        trials = sorted((tmp_path / f"runs/{name}/trials").glob("*.json"))
        contents = [json.loads(trial.read_text()) for trial in trials]
        found.append([(content["params"], content["value"]) for content in contents])

    assert found[0] == found[1]
    assert len(found[0]) == 3
    assert not list((tmp_path / "runs/shared").glob(".tmp-*"))


def test_too_large_a_job_is_told_what_the_cluster_has(workers: mlfw.Workers) -> None:
    has = "and the cluster has 1 machine with 2 CPUs and 0 GPUs"
    for needs in (mlfw.Resources(cpus=3), mlfw.Resources(gpus=1), mlfw.Resources(gpus=8)):
        with pytest.raises(mlfw.UserError, match=has):
            workers.slots(needs)
    with pytest.raises(mlfw.UserError, match=f"3 ranks need, each, 1 CPUs, {has}"):
        workers.together([mlfw.Job("place")] * 3, NEEDS, Heard())


def test_a_worker_that_does_not_see_the_run_s_folder_is_named(
    workers: mlfw.Workers, tmp_path: Path
) -> None:
    make_room(workers)
    setup = mlfw.JobSetup(mlfw_jobs_here, folder=tmp_path)
    others = RayExecutor().start(setup)

    with pytest.raises(mlfw.UserError, match=f"run.folder: .* does not see {tmp_path}") as raised:
        for _ in others.map(_until_hidden(tmp_path), NEEDS, Heard()):
            pass
    others.close()

    assert "run.folder=/shared/runs" in raised.value.remedy


def _until_hidden(folder: Path) -> Iterator[mlfw.Job]:
    """Yield jobs, and before a worker starts take away what it looks for."""
    yield mlfw.Job("echo")
    for probe in folder.glob(".tmp-shared-*"):
        probe.unlink()


def test_a_local_ray_listens_on_loopback_only(workers: mlfw.Workers) -> None:
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    ours = "|".join(f"pid={pid}," for pid in processes(os.environ["RAY_AUTH_TOKEN"]))
    places = [line.split()[3] for line in listening.splitlines() if re.search(ours, line)]

    assert len(places) > 2
    assert [place for place in places if "127.0.0.1" not in place] == []


@pytest.mark.slow
def test_a_local_ray_lets_nobody_in_without_its_token(workers: mlfw.Workers) -> None:
    import ray

    address = ray.get_runtime_context().gcs_address
    stranger = subprocess.run(
        [sys.executable, "-c", f"import ray; ray.init({address!r})"],
        env={
            **os.environ,
            "RAY_AUTH_TOKEN": "0" * 64,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert stranger.returncode != 0
    assert "uthenticat" in stranger.stderr
