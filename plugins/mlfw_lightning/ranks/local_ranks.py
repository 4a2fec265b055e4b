"""The ranks of this machine: starting them, hearing from them, and ending them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from mlfw import Imports, StopRequested
from mlfw_lightning.ranks.failure import Cause, Failure
from mlfw_lightning.ranks.launchers import own_environment
from mlfw_lightning.ranks.lines import LineReader, Message
from mlfw_lightning.ranks.rendezvous import loopback_variables

JOB = "job.json"
ALLOW_IMPORT = "--allow-import"
LOG_LINES = 8
STOPPED = StopRequested.exit_code


@dataclass(frozen=True)
class Group:
    """The ranks of one training and where they meet.

    Attributes:
        devices: How many ranks each node has.
        nodes: How many nodes there are.
        address: Where rank 0 is; one node needs none, as its ranks meet at a file.
        port: A free port there.
    """

    devices: int
    nodes: int = 1
    address: str = ""
    port: int = 0


class LocalRanks:
    """The ranks that this process has started.

    Attributes:
        messages: What rank 0 tells of the training, if it is one of them.
    """

    def __init__(
        self, job: Path, group: Group, node: int, *, imports: Imports, timeout: float
    ) -> None:
        """Start one process a device.

        Args:
            job: The folder of the job.
            group: All ranks.
            node: The number of this machine.
            imports: From which packages they may import code.
            timeout: After how many seconds of silence a rank is taken for frozen.
        """
        self.messages: SimpleQueue[Message] = SimpleQueue()
        self._timeout = timeout
        self._ranks: list[_Rank] = []
        try:
            for local in range(group.devices):
                self._ranks.append(_Rank(job, group, node, local, imports, self.messages))
        except BaseException:
            self.kill()
            raise

    def take_messages(self) -> list[Message]:
        """Return the messages that have come since."""
        taken = []
        with suppress(Empty):
            while True:
                taken.append(self.messages.get_nowait())
        return taken

    def failures(self) -> list[Failure]:
        """Return how ranks have failed; empty as long as none has."""
        found = (rank.failure(self._timeout) for rank in self._ranks)
        return [failure for failure in found if failure is not None]

    @property
    def ended(self) -> bool:
        """Whether all have ended."""
        return all(rank.state is not None for rank in self._ranks)

    @property
    def stopped(self) -> bool:
        """Whether some have ended because they were asked to."""
        return any(rank.state == STOPPED for rank in self._ranks)

    def ask_to_stop(self) -> None:
        """Ask all to save and end."""
        for rank in self._ranks:
            if rank.state is None:
                rank.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End all, with the processes that they have started, and wait for it."""
        for rank in self._ranks:
            with suppress(ProcessLookupError):
                os.killpg(rank.process.pid, signal.SIGKILL)
        for rank in self._ranks:
            rank.close()


class _Rank:
    """One rank on this machine."""

    def __init__(
        self,
        job: Path,
        group: Group,
        node: int,
        local: int,
        imports: Imports,
        messages: SimpleQueue[Message],
    ) -> None:
        number = node * group.devices + local
        self._name = f"rank {number}" + (f" on node {node}" if group.nodes > 1 else "")
        self._messages = messages
        self._mistake: Message = {}
        self._ending: deque[str] = deque(maxlen=LOG_LINES)
        reading, writing = os.pipe()
        try:
            self.process = subprocess.Popen(
                _command(job, writing, imports),
                env=_environment(group, node, local),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
                process_group=0,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._reader = LineReader(os.fdopen(reading, "rb"), self._receive)
        self._reader.start()
        self._output = Thread(target=self._keep_ending, daemon=True)
        self._output.start()

    @property
    def state(self) -> int | None:
        """The exit status, negative after a signal; None while it runs."""
        return self.process.poll()

    def failure(self, timeout: float) -> Failure | None:
        """Return how the rank has failed, if it has."""
        state = self.state
        if state in (0, STOPPED):
            return None
        if state is None:
            if self._reader.silent < timeout:
                return None
            problem = f"{self._name} has not been heard of for {timeout:g} s (trainer.timeout)"
            return Failure(Cause.frozen, problem)
        self._reader.wait(1)
        if self._mistake:
            return Failure(Cause.mistake, self._mistake["problem"], self._mistake["remedy"])
        self._output.join(1)
        if state < 0 and state != -signal.SIGABRT:  # by which libraries give up waiting for others
            how = f"was killed by signal {-state} ({signal.Signals(-state).name})"
            return Failure(Cause.signal, f"{self._name} {how}")
        problem = f"{self._name} ended with exit status {state}"
        return Failure(Cause.exit, problem, ending=tuple(self._ending))

    def close(self) -> None:
        """Wait for the end of a process that has been killed, and of what reads from it."""
        self.process.wait()
        self._reader.wait(1)
        self._output.join(1)

    def _receive(self, message: Message) -> None:
        if "mistake" in message:
            self._mistake = message["mistake"]
        else:
            self._messages.put(message)

    def _keep_ending(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._ending.append(line.decode(errors="replace").rstrip())


def _command(job: Path, channel: int, imports: Imports) -> Sequence[str]:
    granted = [word for name in sorted(imports.packages) for word in (ALLOW_IMPORT, name)]
    # -P: the working folder is not searched for packages.
    program = [sys.executable, "-P", "-m", "mlfw_lightning.ranks.rank"]
    return [*program, str(job.absolute()), str(channel), *granted]


def _environment(group: Group, node: int, local: int) -> dict[str, str]:
    """Return what a rank is told of the others, in the variables that PyTorch reads."""
    threads = max((os.cpu_count() or 1) // group.devices, 1)
    meeting: dict[str, Any] = loopback_variables()
    if group.nodes > 1:
        meeting = {"MASTER_ADDR": group.address, "MASTER_PORT": group.port}
    told: dict[str, Any] = {
        **meeting,
        "NODE_RANK": node,
        "LOCAL_RANK": local,
        "RANK": node * group.devices + local,
        "WORLD_SIZE": group.devices * group.nodes,
        "OMP_NUM_THREADS": threads,
    }
    return {**own_environment(os.environ), **{name: str(value) for name, value in told.items()}}
