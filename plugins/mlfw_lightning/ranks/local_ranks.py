"""The ranks of this machine: starting them, hearing from them, and ending them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from mlfw import Imports, Rank, StopRequested
from mlfw.jobs.lines import LineReader, Message
from mlfw_lightning.ranks.failure import FailureCause, RankFailure
from mlfw_lightning.ranks.rendezvous import file_store, loopback_variables

ALLOW_IMPORT = "--allow-import"
LOG_LINES = 8
STOPPED = StopRequested.exit_code


class LocalRanks:
    """The ranks of a training as processes of this machine.

    They meet at a file and exchange gradients over the loopback interface: nothing that they open
    can be reached from another machine.
    """

    def __init__(self, job: Path, world: int, *, imports: Imports, timeout: float) -> None:
        """Start one process a device.

        Args:
            job: The folder of the job.
            world: Number of processes.
            imports: Packages from which they may import code.
            timeout: Seconds of silence after which a rank counts as frozen.
        """
        self._messages: SimpleQueue[Message] = SimpleQueue()
        self._timeout = timeout
        self._ranks: list[_Rank] = []
        self._open = ExitStack()
        threads = {"OMP_NUM_THREADS": str(max((os.cpu_count() or 1) // world, 1))}
        try:
            meeting = self._open.enter_context(file_store())
            for number in range(world):
                rank = Rank(number, world, number, meeting)
                command = _command(rank, job, imports)
                told = loopback_variables() | threads
                self._ranks.append(_Rank(number, command, told, self._messages))
        except BaseException:
            self.kill()
            raise

    def take_messages(self) -> list[Message]:
        """Return the messages that have come since."""
        taken = []
        with suppress(Empty):
            while True:
                taken.append(self._messages.get_nowait())
        return taken

    def failures(self) -> list[RankFailure]:
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
        self._open.close()


class _Rank:
    """One rank."""

    def __init__(
        self,
        number: int,
        command: Sequence[str],
        told: Mapping[str, str],
        messages: SimpleQueue[Message],
    ) -> None:
        self._name = f"rank {number}"
        self._messages = messages
        self._mistake: Message = {}
        self._ending: deque[str] = deque(maxlen=LOG_LINES)
        self._heard = time.monotonic()
        reading, writing = os.pipe()
        try:
            self.process = subprocess.Popen(
                [*command, "--channel", str(writing)],
                env={**os.environ, **told},
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
        self._output = Thread(target=self._keep_ending, daemon=True)
        self._output.start()

    @property
    def state(self) -> int | None:
        """The exit status, negative after a signal; None while it runs."""
        return self.process.poll()

    def failure(self, timeout: float) -> RankFailure | None:
        """Return how the rank has failed, if it has."""
        state = self.state
        if state in (0, STOPPED):
            return None
        if state is None:
            if time.monotonic() - self._heard < timeout:
                return None
            problem = f"{self._name} has not been heard of for {timeout:g} s (trainer.timeout)"
            return RankFailure(FailureCause.frozen, problem)
        self._reader.wait(1)
        if self._mistake:
            return RankFailure(
                FailureCause.mistake, self._mistake["problem"], self._mistake["remedy"]
            )
        self._output.join(1)
        if state < 0 and state != -signal.SIGABRT:  # by which libraries give up waiting for others
            how = f"was killed by signal {-state} ({signal.Signals(-state).name})"
            return RankFailure(FailureCause.signal, f"{self._name} {how}")
        problem = f"{self._name} ended with exit status {state}"
        return RankFailure(FailureCause.exit, problem, ending=tuple(self._ending))

    def close(self) -> None:
        """Wait for the end of a process that has been killed, and of what reads from it."""
        self.process.wait()
        self._reader.wait(1)
        self._output.join(1)

    def _receive(self, message: Message | None) -> None:
        self._heard = time.monotonic()
        if not message:  # a sign of life, or the end
            return
        if "mistake" in message:
            self._mistake = message["mistake"]
        else:
            self._messages.put(message)

    def _keep_ending(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._ending.append(line.decode(errors="replace").rstrip())


def _command(rank: Rank, job: Path, imports: Imports) -> Sequence[str]:
    granted = [word for name in sorted(imports.packages) for word in (ALLOW_IMPORT, name)]
    # -P: the working folder is not searched for packages.
    program = [sys.executable, "-P", "-m", "mlfw_lightning.ranks.rank"]
    return [*program, json.dumps(asdict(rank)), str(job), *granted]
