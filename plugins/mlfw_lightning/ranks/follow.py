"""A process that takes part in the run that another one leads."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from mlfw import Imports, MlfwError, StopRequested, UserError
from mlfw_lightning.ranks.failure import Cause, Failure
from mlfw_lightning.ranks.launchers import Launch
from mlfw_lightning.ranks.lines import Message
from mlfw_lightning.ranks.local_ranks import JOB, Group, LocalRanks
from mlfw_lightning.ranks.peers import Connection

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

POLL_SECONDS = 0.05
TRY_AGAIN_SECONDS = 0.3
# Files that another machine has written may take so long to be seen on a shared disk.
SHARED_SECONDS = 30.0
# The exit status of what was ended by a signal is this and the signal's number.
SIGNALLED = 128


class Follower:
    """Starts the ranks of this machine whenever the process that leads has a job for them.

    A second process of the same machine starts none, and only ends as the run ends.
    """

    def __init__(self, launch: Launch, options: LightningTrainer, imports: Imports) -> None:
        """Arrive at the process that leads.

        Args:
            launch: Which process this is.
            options: The trainer's fields; they must be the same everywhere.
            imports: From which packages the ranks may import code.

        Raises:
            UserError: The process that leads is not reached within the timeout.
        """
        self._launch = launch
        self._options = options
        self._imports = imports
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._run = Path()
        self._job = 0
        self._ranks: LocalRanks | None = None
        self._told: set[str] = set()
        self._connection = Connection(_connected(launch, options.timeout))
        self._connection.listen(self._inbox.put)
        self._connection.writer.send(
            hello={
                "node": launch.node,
                "local": launch.local,
                "host": socket.gethostname(),
                "options": asdict(options),
            }
        )

    def follow(self, stopping: Callable[[], bool]) -> Path:
        """Take part until the run ends; see `mlfw.Trainer.follow`."""
        asked = False
        try:
            while True:
                ending = self._next_message()
                if ending is not None:
                    return self._end(ending)
                self._watch_leader()
                self._watch_ranks()
                if stopping() and not asked:
                    asked = True
                    self._stop()
        finally:
            self._end_ranks()
            self._connection.close()

    def _next_message(self) -> Message | None:
        """Do what the process that leads says next, and return how the run has ended."""
        try:
            message = self._inbox.get(timeout=POLL_SECONDS)
        except Empty:
            return None
        if "end" in message:
            return dict(message["end"])
        if "run" in message:
            self._run = Path(message["run"])
        if "job" in message and not self._launch.local:
            self._begin(message["job"])
        if "stop" in message and self._ranks is not None:
            self._ranks.ask_to_stop()
        if "over" in message:
            self._end_ranks()
            self._connection.writer.send(ready=message["over"])
        return None

    def _begin(self, job: Message) -> None:
        self._job = job.pop("number")
        folder = Path(job.pop("folder"))
        self._told = set()
        deadline = time.monotonic() + min(SHARED_SECONDS, self._options.timeout)
        while not (folder / JOB).exists():
            if time.monotonic() > deadline:
                self._tell(_not_shared(folder, self._launch.node))
                return
            time.sleep(POLL_SECONDS)
        try:
            self._options.check_devices()
        except UserError as error:
            problem = f"node {self._launch.node}: {error.problem}"
            self._tell(Failure(Cause.mistake, problem, error.remedy))
            return
        self._ranks = LocalRanks(
            folder,
            Group(**job),
            self._launch.node,
            imports=self._imports,
            timeout=self._options.timeout,
        )

    def _watch_ranks(self) -> None:
        if self._ranks is None:
            return
        failures = self._ranks.failures()
        for failure in failures:
            self._tell(failure)
        if self._ranks.ended and not failures and "done" not in self._told:
            self._told.add("done")
            self._connection.writer.send(done=self._job, stopped=self._ranks.stopped)

    def _tell(self, failure: Failure) -> None:
        if failure.problem not in self._told:
            self._told.add(failure.problem)
            self._connection.writer.send(failures=[failure.to_json()])

    def _watch_leader(self) -> None:
        reader = self._connection.reader
        timeout = self._options.timeout
        if not self._inbox.empty():
            return
        if reader.gone:
            raise MlfwError("trainer: node 0 has gone; the ranks of this node were ended.")
        if reader.silent >= timeout:
            raise MlfwError(
                f"trainer: node 0 has not been heard of for {timeout:g} s (trainer.timeout); the "
                "ranks of this node were ended."
            )

    def _stop(self) -> None:
        """Let ranks save, which all of them do together; without any there is nothing to save."""
        if self._ranks is None:
            raise StopRequested
        self._ranks.ask_to_stop()

    def _end_ranks(self) -> None:
        if self._ranks is not None:
            self._ranks.kill()
            self._ranks = None

    def _end(self, ending: Message) -> Path:
        """Return the run directory, or raise what ended the run."""
        status, problem = ending["status"], ending["problem"]
        if status == 0:
            return self._run
        if status == UserError.exit_code:
            raise UserError(problem, ending["remedy"])
        if status > SIGNALLED:
            raise StopRequested(problem, number=status - SIGNALLED)
        raise MlfwError(f"node 0 has ended the run: {problem}")


def _connected(launch: Launch, timeout: float) -> socket.socket:
    """Return a connection to the process that leads, which may start later than this one."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return socket.create_connection((launch.address, launch.port), timeout=5)
        except OSError as error:
            if time.monotonic() > deadline:
                raise UserError(
                    f"node 0 was not reached at {launch.address}:{launch.port} within "
                    f"{timeout:g} s (trainer.timeout): {error.strerror or error}.",
                    "See whether `mlfw run` was started there, and whether MASTER_ADDR and "
                    "MASTER_PORT are the same on all nodes.",
                ) from None
        time.sleep(TRY_AGAIN_SECONDS)


def _not_shared(folder: Path, node: int) -> Failure:
    return Failure(
        Cause.mistake,
        f"run.folder: node {node} does not find {folder}, which node 0 has written.",
        "Keep run.folder (or run.dir) on a disk that all nodes share, under the same path.",
    )
