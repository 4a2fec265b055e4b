"""A cluster of two machines, on one: many jobs, a machine that is lost, memory that runs out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mlfw
from conftest import environment
from mlfw_ray import RayExecutor
from ray_jobs import Heard, jobs_plugin

NEEDS = mlfw.Resources()


def no_job(name: str) -> mlfw.JobFunction:
    raise AssertionError(f"{name}: jobs are to run on the cluster")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes of one core each."""
    from ray.cluster_utils import Cluster

    with jobs_plugin(tmp_path_factory.mktemp("site")):
        made = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "include_dashboard": False},
        )
        made.add_node(num_cpus=1)
        yield made
        made.shutdown()


@pytest.fixture
def workers(cluster: Any, tmp_path: Path) -> Iterator[mlfw.Workers]:
    setup = mlfw.JobSetup(no_job, folder=tmp_path)
    started = RayExecutor(address=cluster.address, heartbeat=20).start(setup)
    yield started
    started.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_thousand_jobs_end_with_the_run_s_memory_flat(workers: mlfw.Workers) -> None:
    assert workers.slots(NEEDS) == 2
    memory, numbers, hosts = [], set(), set()
    jobs = (mlfw.Job("echo", {"number": number}) for number in range(1000))

    for result in workers.map(jobs, NEEDS, Heard()):
        numbers.add(result.value["got"]["number"])
        hosts.add(result.value["pid"])
        memory.append(_resident())

    assert numbers == set(range(1000))
    assert len(hosts) <= 2
    assert max(memory[100:]) - memory[100] < 20e6


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ranks_on_two_machines_meet_at_the_first_and_each_is_the_first_there(
    workers: mlfw.Workers,
) -> None:
    jobs = [mlfw.Job("place", label=f"rank {number}") for number in range(2)]

    results = workers.together(jobs, mlfw.Resources(alone=True), Heard())

    assert [result.result() for result in results] == [[0, 2, 0, "tcp"], [1, 2, 0, "tcp"]]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_machine_that_is_lost_is_named_and_its_job_runs_elsewhere(
    cluster: Any, workers: mlfw.Workers
) -> None:
    class Losing(Heard):
        """Takes a machine away when both run a job."""

        def started(self, job: mlfw.Job, host: str) -> None:
            super().started(job, host)
            if len(self.started_on) == 2:
                cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)

    watch = Losing()
    jobs = [mlfw.Job("compute", {"seconds": 3}, label=f"job {number}") for number in range(2)]

    results = list(workers.map(jobs, NEEDS, watch))
    cluster.add_node(num_cpus=1)

    assert [result.failure for result in results] == [None, None]
    assert sorted(result.attempts for result in results) == [1, 2]
    assert any("starting it again (1/3)" in note for note in watch.notes)


# A Ray that ends workers as soon as a little more memory is used than now.
FILL = """
import sys
import mlfw
from mlfw_ray import RayExecutor
from ray_jobs import Heard

workers = RayExecutor(retries=0).start(mlfw.JobSetup(str))
(result,) = workers.map([mlfw.Job("fill", label="trial 3")], mlfw.Resources(), Heard())
workers.close()
try:
    result.result()
except mlfw.UserError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_job_that_runs_out_of_memory_is_named_with_what_to_set(tmp_path: Path) -> None:
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    known = {name: int(value) for name, value, *_ in lines}
    used = 1 - known["MemAvailable:"] / known["MemTotal:"]
    tests = str(Path(__file__).parents[2])
    with jobs_plugin(tmp_path):
        path = os.pathsep.join([os.environ["PYTHONPATH"], tests])
        ended = subprocess.run(
            [sys.executable, "-c", FILL],
            env={
                **environment(),
                "PYTHONPATH": path,
                "RAY_memory_usage_threshold": f"{used + 0.15:.3f}",
                "RAY_memory_monitor_refresh_ms": "100",
            },
            capture_output=True,
            text=True,
            timeout=250,
        )

    assert "trial 3 on" in ended.stdout, ended.stderr
    assert "memory ran out" in ended.stdout
    assert "executor.cpus=2" in ended.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_another_version_on_the_cluster_is_told_with_what_to_install(cluster: Any) -> None:
    """The cluster's own note of its versions is changed, as another version would have it."""
    import ray
    from ray.experimental import internal_kv

    def noted(change: dict[str, str]) -> mlfw.UserError:
        ray.init(cluster.address, log_to_driver=False)
        key, place = b"CLUSTER_METADATA", b"cluster"
        before = internal_kv._internal_kv_get(key, namespace=place)
        try:
            changed = json.dumps({**json.loads(before), **change}).encode()
            internal_kv._internal_kv_put(key, changed, namespace=place)
            ray.shutdown()
            with pytest.raises(mlfw.UserError) as raised:
                RayExecutor(address=cluster.address).start(mlfw.JobSetup(no_job)).slots(NEEDS)
            return raised.value
        finally:
            ray.shutdown()
            _restore(cluster.address, before)

    error = noted({"ray_version": "2.59.0"})
    assert "2.59.0" in error.problem
    assert 'pip install "ray==2.59.0"' in error.remedy
    assert "Python 3.14.0" in noted({"python_version": "3.14.0"}).remedy


def _restore(address: str, before: bytes) -> None:
    from ray._raylet import GcsClient

    GcsClient(address=address).internal_kv_put(b"CLUSTER_METADATA", before, True, b"cluster")
