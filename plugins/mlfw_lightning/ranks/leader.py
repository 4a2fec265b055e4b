"""The process that leads a run, to those that follow."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from mlfw import Crew, StopRequested, UserError
from mlfw_lightning.ranks.failure import Failure, first_cause
from mlfw_lightning.ranks.launchers import LOOPBACK, Launch
from mlfw_lightning.ranks.lines import Message
from mlfw_lightning.ranks.local_ranks import Group
from mlfw_lightning.ranks.peers import Connection, Peer

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

POLL_SECONDS = 0.05
LATE_SECONDS = 10.0
LEAVE_SECONDS = 5.0


class Leader(Crew):
    """Tells followers which jobs there are, and hears how they go.

    Raises:
        UserError: The port is taken.
    """

    def __init__(self, launch: Launch, options: LightningTrainer) -> None:
        self._launch = launch
        self._options = options
        self._peers: list[Peer] = []
        self._lock = Lock()
        self._said: dict[str, Message] = {}
        self._refused: UserError | None = None
        self._gave_up = False
        self._job = 0
        self._server = _listen(launch)
        Thread(target=self._accept, daemon=True).start()

    def started(self, folder: Path) -> None:
        """Tell in which directory the run is kept."""
        self._say(run=str(folder.absolute()))

    def gather(self, stopping: Callable[[], bool]) -> None:
        """Wait until every node has arrived.

        Args:
            stopping: Says when to give up.

        Raises:
            UserError: One does not arrive within the timeout, or was started with other settings.
            StopRequested: The run is to end.
        """
        deadline = time.monotonic() + (0 if self._gave_up else self._options.timeout)
        while missing := self._missing():
            self._check()
            if stopping():
                raise StopRequested
            if time.monotonic() > deadline:
                self._gave_up = True
                raise self._not_arrived(missing)
            time.sleep(POLL_SECONDS)
        self._check()

    def begin(self, job: Path) -> Group:
        """Announce a job, and return where its ranks meet."""
        self._job += 1
        for peer in self._present():
            peer.failures, peer.stopped = [], False
        options, launch = self._options, self._launch
        several = options.nodes > 1
        meeting = (launch.address, _free_port()) if several else ()
        group = Group(options.devices, options.nodes, *meeting)
        self._say(job={"number": self._job, "folder": str(job.absolute()), **asdict(group)})
        return group

    def failures(self) -> list[Failure]:
        """Return what has gone wrong in the job elsewhere."""
        lost = (peer.lost(self._options.timeout) for peer in self._present())
        told = [failure for peer in self._present() for failure in peer.failures]
        return [*told, *(failure for failure in lost if failure is not None)]

    @property
    def done(self) -> bool:
        """Whether all ranks elsewhere have ended by themselves."""
        return all(peer.done == self._job for peer in self._nodes())

    @property
    def stopped(self) -> bool:
        """Whether ranks elsewhere have ended because they were asked to."""
        return any(peer.stopped for peer in self._nodes())

    def ask_to_stop(self) -> None:
        """Ask all ranks elsewhere to save and end."""
        self._say(stop=self._job)

    def over(self) -> None:
        """End what still runs of the job elsewhere, and wait for that."""
        self._said.pop("job", None)
        self._say(over=self._job)
        self._wait(lambda peer: peer.ready == self._job, LEAVE_SECONDS)
        self._said.pop("over", None)

    def end(self, error: BaseException | None) -> None:
        """Tell how the run has ended, also those that come late."""
        message = _ending(error)
        self._said = {**{k: v for k, v in self._said.items() if k == "run"}, "end": message}
        self._say(end=message)
        deadline = time.monotonic() + LATE_SECONDS
        while self._missing() and not self._gave_up and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        self._wait(lambda _: False, LEAVE_SECONDS)  # until they have left
        self._server.close()
        for peer in self._peers:
            peer.connection.close()

    def _say(self, **messages: Any) -> None:
        """Tell everybody, and later those who arrive later."""
        with self._lock:
            self._said |= messages
            present = self._present()
        for peer in present:
            peer.connection.writer.send(**messages)

    def _present(self) -> list[Peer]:
        return [peer for peer in self._peers if peer.arrived.is_set()]

    def _nodes(self) -> list[Peer]:
        """Return the followers that start ranks."""
        return [peer for peer in self._present() if not peer.local]

    def _missing(self) -> list[int]:
        there = {peer.node for peer in self._nodes()}
        return [node for node in range(1, self._options.nodes) if node not in there]

    def _not_arrived(self, missing: list[int]) -> UserError:
        names = ", ".join(f"node {node}" for node in missing)
        return UserError(
            f"trainer.nodes={self._options.nodes}: {names} did not arrive within "
            f"{self._options.timeout:g} s (trainer.timeout).",
            f"See whether `mlfw run` was started there, and whether that machine reaches "
            f"{self._launch.address}:{self._launch.port}.",
        )

    def _check(self) -> None:
        if self._refused is not None:
            raise self._refused
        lost = [peer.lost(self._options.timeout) for peer in self._present()]
        gone = [failure for failure in lost if failure is not None]
        if gone:
            raise first_cause(gone).error()

    def _wait(self, until: Callable[[Peer], bool], seconds: float) -> None:
        """Wait for what every follower that is still there does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(peer.connection.reader.gone or until(peer) for peer in self._present()):
                return
            time.sleep(POLL_SECONDS)

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._server.accept()
            except OSError:
                return
            peer = Peer(Connection(connected))
            self._peers.append(peer)
            peer.connection.listen(partial(self._receive, peer))

    def _receive(self, peer: Peer, message: Message) -> None:
        if "hello" in message:
            self._greet(peer, message["hello"])
        elif "failures" in message:
            peer.failures += [Failure.from_json(failure) for failure in message["failures"]]
        elif "done" in message:
            peer.stopped = message["stopped"]
            peer.done = message["done"]
        elif "ready" in message:
            peer.ready = message["ready"]

    def _greet(self, peer: Peer, hello: Message) -> None:
        peer.node, peer.local, peer.host = hello["node"], hello["local"], hello["host"]
        error = self._reason_to_refuse(peer, hello["options"])
        if error is not None:
            self._refused, self._gave_up = error, True
            peer.connection.writer.send(end=_ending(error))
            return
        with self._lock:
            said = dict(self._said)
            peer.arrived.set()
        for key, value in said.items():
            peer.connection.writer.send(**{key: value})

    def _reason_to_refuse(self, peer: Peer, options: Message) -> UserError | None:
        if any((p.node, p.local) == (peer.node, peer.local) for p in self._present()):
            return UserError(
                f"{self._launch.launcher}: two processes say that they are {peer.name}.",
                "Give each node a number of its own, from 0.",
            )
        own = json.loads(json.dumps(asdict(self._options)))
        differing = sorted(key for key in own if own[key] != options.get(key))
        if differing:
            shown = ", ".join(
                f"trainer.{key}={own[key]} on node 0 and {options.get(key)} on {peer.name}"
                for key in differing
            )
            return UserError(f"{shown}.", "Start the same command on every node.")
        return None


def _ending(error: BaseException | None) -> Message:
    """Return what followers are told of how a run has ended."""
    if error is None:
        return {"status": 0, "problem": "", "remedy": ""}
    status = 130 if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", 1)
    if isinstance(error, UserError):
        return {"status": status, "problem": error.problem, "remedy": error.remedy}
    if isinstance(error, StopRequested | KeyboardInterrupt):
        problem = error.problem if isinstance(error, StopRequested) else ""
        return {"status": status, "problem": problem, "remedy": ""}
    return {"status": status, "problem": str(error) or type(error).__name__, "remedy": ""}


def _listen(launch: Launch) -> socket.socket:
    """Return a socket that followers reach; only those on this machine where all are on it."""
    local = launch.address in (LOOPBACK, "localhost")
    try:
        return socket.create_server((LOOPBACK if local else "", launch.port))
    except OSError as error:
        raise UserError(
            f"port {launch.port}, where the other nodes are to arrive, cannot be had: "
            f"{error.strerror}.",
            "Set MASTER_PORT to a free port of this machine, the same on all nodes.",
        ) from None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("", 0))
        return int(free.getsockname()[1])
