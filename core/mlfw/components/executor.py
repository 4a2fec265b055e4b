"""The contract of executors: where jobs run, such as trials, folds, fits and ranks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from mlfw.components.component import Component
from mlfw.components.imports import Imports
from mlfw.components.job import Job, JobResult, Rank, Resources
from mlfw.components.limits import limits
from mlfw.errors import UserError


def unnoted(_: str) -> None:
    """Drop a note."""


class Watch:
    """Follows jobs; the methods are called in the thread that iterates over `Workers.map`."""

    def started(self, job: Job, host: str) -> None:
        """Take note that a job was started, perhaps once more after its worker was lost.

        Args:
            job: The job.
            host: On which machine; empty for this one.
        """

    def told(self, job: Job, message: Mapping[str, Any]) -> None:
        """Take a message that the job's function passed to `JobContext.tell`."""

    def ended(self, job: Job) -> None:
        """Take note that a job has ended, well or not; it may be started again."""

    def note(self, text: str) -> None:
        """Take a sentence that the user should read, such as that a worker was lost."""

    def stopping(self) -> bool:
        """Return whether the jobs are to save and end; see `FitContext.stopping`."""
        return False


@dataclass(frozen=True)
class JobContext:
    """What a job function is given beside the job.

    Attributes:
        workers: Runs further jobs that this one starts, such as the ranks of a training.
        tell: Sends a JSON object to the process that started the job; see `Watch.told`. It may
            be called from any thread and does not wait for an answer.
        stopping: Returns whether to save and raise `mlfw.StopRequested`; see
            `FitContext.stopping`.
        imports: From which packages code may be imported that a configuration names.
        threads: How many threads to compute with.
        rank: The place among jobs that were started together.
        kept: Objects that the worker keeps from job to job, such as data that were loaded. Use
            keys that begin with the name of your plugin.
    """

    workers: Workers
    tell: Callable[[Mapping[str, Any]], object]
    stopping: Callable[[], bool]
    imports: Imports
    threads: int = 1
    rank: Rank = field(default_factory=Rank)
    kept: dict[str, Any] = field(default_factory=dict)


JobFunction = Callable[[Job, JobContext], Any]


@dataclass(frozen=True)
class JobSetup:
    """What an executor is given when a run starts.

    Attributes:
        find: Returns the function of a job's name.
        imports: From which packages code may be imported; workers are told so.
        folder: The run directory; None where there is no run.
        note: Takes a sentence that the user should read, such as where a dashboard is.
        kept: See `JobContext.kept`, for jobs that run in this process.
    """

    find: Callable[[str], JobFunction]
    imports: Imports = field(default_factory=Imports)
    folder: Path | None = None
    note: Callable[[str], None] = unnoted
    kept: dict[str, Any] = field(default_factory=dict)


class Workers(ABC):
    """The processes in which jobs run, for as long as a run goes on.

    Workers are started when they are first needed and kept until `close`.

    Attributes:
        in_process: Whether jobs run in this very process, one after the other.
        gpus: How many GPUs there are, on all machines.
        retries: How often a job is started again after its worker was lost.
    """

    in_process: bool = False
    gpus: int = 0
    retries: int = 3

    @abstractmethod
    def slots(self, resources: Resources) -> int:
        """Return how many jobs with these needs run side by side; at least 1.

        Raises:
            UserError: No worker has what one job needs; the message says what there is.
        """

    @abstractmethod
    def map(self, jobs: Iterable[Job], resources: Resources, watch: Watch) -> Generator[JobResult]:
        """Run jobs side by side and yield their results as they end, in any order.

        A job whose worker was lost or is frozen is started again, as often as the executor's
        `retries` says, and then fails; a job that raises an exception fails at once. What is
        left of the jobs when the generator is closed is ended.

        Args:
            jobs: The jobs. The next one is taken when there is room for it, so that an iterator
                may leave out what earlier results have made needless.
            resources: What each of them needs.
            watch: Follows them.

        Raises:
            StopRequested: `watch.stopping` said so; every job has saved and ended.
        """

    def together(
        self,
        jobs: Sequence[Job],
        resources: Resources,  # noqa: ARG002
        watch: Watch,  # noqa: ARG002
    ) -> list[JobResult]:
        """Run jobs that work together, such as the ranks of one training.

        All are started at once, or none. If one is lost, all are ended and started again, as
        often as the executor's `retries` says, always in the same number. Each is told its place
        by `JobContext.rank`, in the order of `jobs`.

        Args:
            jobs: The jobs.
            resources: What each of them needs.
            watch: Follows them.

        Returns:
            Their results, in the order of `jobs`.

        Raises:
            UserError: There is no room for all of them; or the executor cannot do this.
            StopRequested: `watch.stopping` said so; every job has saved and ended.
        """
        raise UserError(
            f"{jobs[0]}: {len(jobs)} processes on several machines are asked for, and this "
            "executor runs on one machine.",
            "Choose one that runs on several, such as executor=ray.",
        )

    def close(self) -> None:  # noqa: B027 - some have nothing to end
        """End all workers; called once, also after a failure."""


@dataclass(kw_only=True)
class Executor(Component):
    """Decides where jobs run: trials, folds, fits and the ranks of distributed training.

    Attributes:
        retries: How often a job is started again after its worker was lost.
    """

    kind: ClassVar[str] = "executor"

    retries: int = field(default=3, metadata=limits(minimum=0))

    @abstractmethod
    def start(self, setup: JobSetup) -> Workers:
        """Return workers for one run; nothing expensive is started before it is needed.

        Args:
            setup: What the run's jobs are given.

        Raises:
            UserError: The cluster or the machine is not as configured.
        """
