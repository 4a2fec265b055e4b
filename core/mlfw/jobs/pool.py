"""Worker processes on this machine, kept warm between jobs, and what becomes of lost ones."""

from __future__ import annotations

import os
import platform
import signal
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from mlfw.components import (
    FailureKind,
    Job,
    JobFailure,
    JobResult,
    JobSetup,
    Resources,
    Watch,
    Workers,
)
from mlfw.errors import StopRequested, UserError
from mlfw.hints import override
from mlfw.jobs.guard import Guard
from mlfw.jobs.lines import Message
from mlfw.jobs.liveness import memory_kills
from mlfw.jobs.logs import log_received
from mlfw.jobs.process import WorkerProcess
from mlfw.threads import can_set_threads, usable_cores

if TYPE_CHECKING:
    from mlfw.jobs.local import LocalExecutor

WAIT_SECONDS = 0.5
# A pause so long is one of this process, which was frozen too: workers had no chance to be heard.
PAUSE_SECONDS = 5.0
END_SECONDS = 2.0
DEVICES = Path("/dev")


@dataclass
class _Attempt:
    """A job that a worker runs, for the how-manieth time, and what was before."""

    job: Job
    number: int
    memory_kills: int = 0


class LocalWorkers(Workers):
    """Processes that run jobs side by side; one iteration over `map` goes on at a time.

    Args:
        options: The executor's configuration.
        setup: What jobs are given.
    """

    def __init__(self, options: LocalExecutor, setup: JobSetup) -> None:
        self._options = options
        self._setup = setup
        self.retries = options.retries
        self._devices = _devices()
        self.gpus = len(self._devices)
        self._idle: list[WorkerProcess] = []
        self._busy: dict[WorkerProcess, _Attempt] = {}
        self._events: SimpleQueue[tuple[WorkerProcess, Message | None]] = SimpleQueue()
        self._guard: Guard | None = None
        self._started = 0

    def slots(self, resources: Resources) -> int:
        """Return how many jobs run side by side: as many as there are workers, cores and GPUs.

        Raises:
            UserError: There are fewer GPUs than one job needs.
        """
        if resources.alone:
            return 1
        most = self._options.workers
        if resources.cpus > 1:
            most = min(most, int(usable_cores() / resources.cpus))
        if resources.gpus > 0:
            if resources.gpus > self.gpus:
                raise UserError(
                    f"executor=local: a job needs {resources.gpus:g} GPUs, and this machine has "
                    f"{self.gpus}.",
                    "Ask for fewer, for example trainer.devices=1, or set trainer.accelerator=cpu.",
                )
            most = min(most, int(self.gpus / resources.gpus))
        return max(most, 1)

    def map(self, jobs: Iterable[Job], resources: Resources, watch: Watch) -> Generator[JobResult]:
        """Run jobs side by side; see `Workers.map`."""
        slots, waiting, again = self.slots(resources), iter(jobs), deque[_Attempt]()
        asked, looked = False, time.monotonic()
        try:
            while True:
                if not asked and watch.stopping():
                    asked = True
                    for worker in self._busy:
                        worker.ask_to_stop()
                while not asked and len(self._busy) < slots:
                    attempt = again.popleft() if again else _next(waiting)
                    if attempt is None:
                        break
                    self._run(attempt, resources, watch)
                if not self._busy:
                    break
                yield from self._heard(watch, again, asked=asked)
                now = time.monotonic()
                self._look(paused=now - looked > PAUSE_SECONDS)
                looked = now
        finally:
            for worker in list(self._busy):
                self._end(worker)
        if asked:
            raise StopRequested

    def close(self) -> None:
        """End all processes."""
        for worker in [*self._busy, *self._idle]:
            self._end(worker)
        if self._guard is not None:
            self._guard.close()

    def _run(self, attempt: _Attempt, resources: Resources, watch: Watch) -> None:
        """Let an idle worker, or else a new one, run a job."""
        threads = self._threads(resources)
        worker = self._worker(resources, threads)
        attempt.memory_kills = memory_kills()
        self._busy[worker] = attempt
        worker.run(attempt.job, threads)
        watch.started(attempt.job, "")

    def _worker(self, resources: Resources, threads: int) -> WorkerProcess:
        """Return an idle worker, or else a new one.

        Idle workers that cannot run such a job are ended, and for a job that is to be alone all
        others too.
        """
        gpu = self._free_gpus(resources.gpus) if resources.gpus else None
        chosen = None
        for worker in list(self._idle):
            suits = worker.threads == threads or can_set_threads()
            if chosen is None and suits and (gpu is None or worker.gpu == gpu):
                chosen = worker
                self._idle.remove(worker)
            elif resources.alone or not suits:
                self._end(worker)
        if chosen is not None:
            return chosen
        if self._guard is None:
            self._guard = Guard()
        self._started += 1

        def receive(worker: WorkerProcess, message: Message | None) -> None:
            self._events.put((worker, message))

        name = f"worker {self._started}"
        worker = WorkerProcess(name, threads, gpu, self._setup.imports, receive)
        self._guard.add(worker.pid)
        return worker

    def _threads(self, resources: Resources) -> int:
        cores = usable_cores()
        if resources.alone:
            return cores
        return max(int(resources.cpus), cores // self._options.workers, 1)

    def _free_gpus(self, number: float) -> str:
        """Return GPUs that the fewest busy workers see, as `CUDA_VISIBLE_DEVICES` names them."""
        size, devices = max(int(number), 1), self._devices
        groups = [
            ",".join(devices[start : start + size])
            for start in range(0, len(devices) - size + 1, size)
        ]
        taken = [worker.gpu for worker in self._busy]
        return min(groups, key=taken.count)

    def _heard(self, watch: Watch, again: deque[_Attempt], *, asked: bool) -> Iterator[JobResult]:
        """Wait a while for messages of workers, and yield the results among them."""
        try:
            worker, message = self._events.get(timeout=WAIT_SECONDS)
            while True:
                result = self._take(worker, message, watch, again, asked=asked)
                if result is not None:
                    yield result
                worker, message = self._events.get_nowait()
        except Empty:
            return

    def _take(
        self,
        worker: WorkerProcess,
        message: Message | None,
        watch: Watch,
        again: deque[_Attempt],
        *,
        asked: bool,
    ) -> JobResult | None:
        """Act on a message of a worker, or on its end; return its job's result, if that is it."""
        if message is not None and "log" in message:
            log_received(message["log"], worker.name)
        attempt = self._busy.get(worker)
        if attempt is None:  # an idle worker has ended, or one that was ended here
            if message is None and worker in self._idle:
                self._idle.remove(worker)
                self._end(worker)
            return None
        if message is None:
            return self._lost(worker, attempt, watch, again, asked=asked)
        if "told" in message:
            watch.told(attempt.job, message["told"])
        if "result" not in message:
            return None
        del self._busy[worker]
        self._idle.append(worker)
        watch.ended(attempt.job)
        return JobResult.from_json(attempt.job, message["result"], attempt.number)

    def _lost(
        self,
        worker: WorkerProcess,
        attempt: _Attempt,
        watch: Watch,
        again: deque[_Attempt],
        *,
        asked: bool,
    ) -> JobResult | None:
        """Let a job be started again whose worker has ended; return its failure at last."""
        worker.wait(END_SECONDS)
        status, frozen = self._end(worker), worker.frozen
        watch.ended(attempt.job)
        if asked:
            return None
        problem = "the worker was frozen" if frozen else _how(status, worker.last_line)
        remedy = ""
        if not frozen and status == -signal.SIGKILL and memory_kills() > attempt.memory_kills:
            problem += " as memory ran out"
            fewer = override("executor.workers", self._options.workers // 2)
            remedy = f"Run fewer jobs at a time: {fewer}"
        if attempt.number <= self.retries:
            times = f"{attempt.number}/{self.retries}"
            watch.note(f"{attempt.job}: {problem}; starting it again ({times})")
            again.append(_Attempt(attempt.job, attempt.number + 1))
            return None
        times = f" (started {attempt.number} times)" if attempt.number > 1 else ""
        failure = JobFailure(
            FailureKind.lost, f"{problem}{times}.", remedy, host=platform.node() or "this machine"
        )
        return JobResult(attempt.job, None, failure, attempt.number)

    def _look(self, *, paused: bool) -> None:
        """End workers that are frozen; that they have ended is then heard as of any other."""
        for worker in self._busy:
            if paused:
                worker.wake()
            elif worker.is_frozen(self._options.heartbeat):
                worker.frozen = True
                worker.kill()

    def _end(self, worker: WorkerProcess) -> int:
        """End a worker with all that it has started; return its exit status."""
        self._busy.pop(worker, None)
        if worker in self._idle:
            self._idle.remove(worker)
        status = worker.kill()
        if self._guard is not None:
            self._guard.remove(worker.pid)
        return status


def _next(jobs: Iterator[Job]) -> _Attempt | None:
    job = next(jobs, None)
    return None if job is None else _Attempt(job, 1)


def _how(status: int, last_line: str) -> str:
    """Return how a worker has ended, as the end of a sentence."""
    if status < 0:
        return f"the worker was killed by {signal.Signals(-status).name}"
    if status == StopRequested.exit_code:
        return "the worker was ended by SIGTERM"
    told = f", after it printed: {last_line}" if last_line else ""
    return f"the worker ended with exit status {status}{told}"


def _devices() -> list[str]:
    """Return the GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip() not in ("", "-1")]
    names = [path.name.removeprefix("nvidia") for path in DEVICES.glob("nvidia[0-9]*")]
    return sorted(name for name in names if name.isdecimal())
