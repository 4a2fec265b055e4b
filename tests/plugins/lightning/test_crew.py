"""Nodes find each other, are told how a run ends, and are named when they fail to come."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import within
from mlfw import Imports, MlfwError, StopRequested, UserError
from mlfw_lightning import LightningTrainer
from mlfw_lightning.ranks.failure import Cause, Failure, first_cause
from mlfw_lightning.ranks.follow import Follower
from mlfw_lightning.ranks.launchers import Launch
from mlfw_lightning.ranks.leader import Leader

OPTIONS = LightningTrainer(nodes=2, timeout=20)


def never() -> bool:
    return False


@pytest.fixture
def first() -> Launch:
    """How node 0 was started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Launch("NODE_RANK", port=free.getsockname()[1])


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    """Where other nodes run."""
    return ThreadPoolExecutor()


def follow(
    pool: ThreadPoolExecutor, first: Launch, options: LightningTrainer = OPTIONS, **changes: int
) -> Future[Path]:
    launch = replace(first, **{"node": 1, **changes})
    return pool.submit(lambda: Follower(launch, options, Imports()).follow(never))


def test_those_who_follow_learn_where_the_run_is_kept(
    first: Launch, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    following = follow(pool, first)  # a node may start before the one that leads
    leader = Leader(first, OPTIONS)
    leader.started(tmp_path)
    leader.gather(never)

    leader.end(None)

    assert following.result(10) == tmp_path


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (UserError("dataset.path=x: no such file.", "Look."), UserError, "no such file"),
        (MlfwError("rank 1 has died"), MlfwError, "node 0 has ended the run: rank 1 has died"),
        (ValueError("odd"), MlfwError, "odd"),
        (StopRequested(), StopRequested, "SIGTERM"),
        (StopRequested(number=signal.SIGINT), StopRequested, "Ctrl-C"),
        (KeyboardInterrupt(), StopRequested, "Ctrl-C"),
    ],
)
def test_those_who_follow_end_as_the_run_ends(
    error: BaseException,
    kind: type[BaseException],
    said: str,
    first: Launch,
    pool: ThreadPoolExecutor,
) -> None:
    leader = Leader(first, OPTIONS)
    following = follow(pool, first)

    leader.end(error)  # one that has not arrived yet is told too

    with pytest.raises(kind, match=said):
        following.result(10)


def test_a_node_that_does_not_come_is_named(first: Launch, pool: ThreadPoolExecutor) -> None:
    options = LightningTrainer(nodes=4, timeout=2)
    leader = Leader(first, options)
    following = follow(pool, first, options, node=2)

    with pytest.raises(UserError, match=r"trainer\.nodes=4: node 1, node 3 did not .* 2 s") as told:
        leader.gather(never)
    leader.end(told.value)

    with pytest.raises(UserError, match="node 1, node 3 did not arrive"):
        following.result(10)


def test_a_node_that_leads_nowhere_is_looked_for_no_longer_than_the_timeout(first: Launch) -> None:
    with pytest.raises(UserError, match=rf"node 0 was not reached at 127\.0\.0\.1:{first.port}"):
        Follower(replace(first, node=1), LightningTrainer(nodes=2, timeout=0.5), Imports())


def test_nodes_that_were_started_differently_are_refused(
    first: Launch, pool: ThreadPoolExecutor
) -> None:
    leader = Leader(first, OPTIONS)
    following = follow(pool, first, replace(OPTIONS, precision="64-true"))
    said = r"trainer\.precision=32-true on node 0 and 64-true on node 1"

    with pytest.raises(UserError, match=said) as told:
        leader.gather(never)
    with pytest.raises(UserError, match=said):
        following.result(10)
    leader.end(told.value)


def test_two_nodes_of_one_number_are_refused(first: Launch, pool: ThreadPoolExecutor) -> None:
    options = replace(OPTIONS, nodes=3)
    leader = Leader(first, options)
    following = [follow(pool, first, options) for _ in range(2)]

    with pytest.raises(UserError, match="two processes say that they are node 1") as told:
        leader.gather(never)
    leader.end(told.value)

    assert all(isinstance(each.exception(15), UserError) for each in following)


def test_a_port_that_is_taken_is_a_mistake(first: Launch) -> None:
    with (
        socket.create_server(("127.0.0.1", first.port)),
        pytest.raises(UserError, match=rf"port {first.port}, .* cannot be had"),
    ):
        Leader(first, OPTIONS)


FOLLOWER = """
import sys
from mlfw import Imports
from mlfw_lightning import LightningTrainer
from mlfw_lightning.ranks.follow import Follower
from mlfw_lightning.ranks.launchers import Launch

launch = Launch("NODE_RANK", node=1, port=int(sys.argv[1]))
Follower(launch, LightningTrainer(nodes=2, timeout=20), Imports()).follow(lambda: False)
"""


def test_a_node_that_is_killed_is_noticed_at_once(first: Launch) -> None:
    leader = Leader(first, OPTIONS)
    node = subprocess.Popen([sys.executable, "-c", FOLLOWER, str(first.port)])
    leader.gather(never)
    assert not leader.failures()

    node.kill()
    node.wait()
    killed_at = time.monotonic()
    while not leader.failures():
        assert time.monotonic() - killed_at < within(5)
        time.sleep(0.02)

    (failure,) = leader.failures()
    assert failure.problem.startswith("node 1 (")
    assert failure.problem.endswith("has gone")
    leader.end(failure.error())


LEADER = """
import sys, time
from mlfw_lightning import LightningTrainer
from mlfw_lightning.ranks.launchers import Launch
from mlfw_lightning.ranks.leader import Leader

leader = Leader(Launch("NODE_RANK", port=int(sys.argv[1])), LightningTrainer(nodes=2, timeout=20))
leader.gather(lambda: False)
print("gathered", flush=True)
time.sleep(60)
"""


def test_those_who_follow_end_when_the_one_that_leads_is_killed(
    first: Launch, pool: ThreadPoolExecutor
) -> None:
    program = [sys.executable, "-c", LEADER, str(first.port)]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as leader:
        following = follow(pool, first)
        assert leader.stdout is not None
        leader.stdout.readline()
        leader.kill()

        with pytest.raises(MlfwError, match="node 0 has gone"):
            following.result(5)


def test_the_failure_that_others_follow_from_is_told() -> None:
    follows = Failure(Cause.exit, "rank 0 ended with exit status 1", ending=("peer closed",))
    killed = Failure(Cause.signal, "rank 1 was killed by signal 9")
    mistake = Failure(Cause.mistake, "the loss is nan", "Lower the rate.")

    assert first_cause([follows, killed]) is killed
    assert "rank 1 was killed" in str(killed.error())
    assert "peer closed" in str(follows.error())
    assert isinstance(mistake.error(), UserError)
    assert Failure.from_json(killed.to_json()) == killed
