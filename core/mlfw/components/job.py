"""Jobs: pieces of work as data, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mlfw.errors import CONTINUE, MlfwError, UserError


@dataclass(frozen=True)
class Job:
    """One piece of work. It is data, never code: what it calls is registered by a plugin.

    Attributes:
        name: The job function, as registered by the hook `mlfw_jobs`.
        arguments: What the function is given, as JSON data.
        folder: An absolute path of a folder for checkpoints that every worker can read and
            write; empty if the job keeps nothing. It outlives a lost worker: the job is started
            again there, and continues from what it finds.
        label: What messages and progress call the job, such as `trial 7`.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""
    label: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the job as JSON data; `Job(**data)` is the same job."""
        return {
            "name": self.name,
            "arguments": dict(self.arguments),
            "folder": self.folder,
            "label": self.label,
        }

    def __str__(self) -> str:
        return self.label or f"job {self.name}"


@dataclass(frozen=True)
class Resources:
    """What one job needs of a machine.

    Attributes:
        cpus: Number of cores.
        gpus: Number of GPUs, those of processes that the job starts included; a fraction shares
            one.
        memory: Bytes; 0 if not known.
        alone: Whether the job is to have all cores of its machine, as a final fit does.
    """

    cpus: float = 1
    gpus: float = 0
    memory: int = 0
    alone: bool = False


class FailureKind(StrEnum):
    """How a job has failed.

    Attributes:
        user_error: The job raised `mlfw.UserError`.
        crash: The job raised another exception.
        lost: The worker was killed, frozen or is not reachable, and retries are exhausted.
    """

    user_error = "user-error"
    crash = "crash"
    lost = "lost"


@dataclass(frozen=True)
class JobFailure:
    """How a job has failed.

    Attributes:
        kind: In which way.
        problem: What went wrong, in one line.
        remedy: What the user can do about it.
        cause: The name of the exception's class, after a crash.
        host: The machine it happened on; empty for this one.
        error: The exception itself, where the job ran in this process.
    """

    kind: FailureKind
    problem: str
    remedy: str = ""
    cause: str = ""
    host: str = ""
    error: BaseException | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the failure as JSON data, without the exception itself."""
        return {
            "kind": self.kind.value,
            "problem": self.problem,
            "remedy": self.remedy,
            "cause": self.cause,
            "host": self.host,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobFailure:
        """Return what `to_json` has made data of."""
        return cls(**{**data, "kind": FailureKind(data["kind"])})

    def exception(self, job: Job) -> BaseException:
        """Return the failure as an exception to raise."""
        if self.error is not None:
            return self.error
        if self.kind is FailureKind.user_error:
            return UserError(self.problem, self.remedy)
        where = f" on {self.host}" if self.host else ""
        cause = f"{self.cause}: " if self.cause else ""
        problem = f"{job}{where}: {cause}{self.problem}"
        if self.remedy:
            return UserError(problem, self.remedy)
        again = f"\n  {CONTINUE}" if self.kind is FailureKind.lost else ""
        return MlfwError(f"{problem}{again}")


@dataclass(frozen=True)
class JobResult:
    """The outcome of a job.

    Attributes:
        job: The job.
        value: What its function returned, as JSON data; None after a failure.
        failure: How it failed; None for success.
        attempts: How many times it was started.
    """

    job: Job
    value: Any = None
    failure: JobFailure | None = None
    attempts: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return value and failure as JSON data."""
        failure = self.failure.to_json() if self.failure else None
        return {"value": self.value, "failure": failure}

    @classmethod
    def from_json(cls, job: Job, data: Mapping[str, Any], attempts: int = 1) -> JobResult:
        """Return what `to_json` has made data of, of a job that was started so often."""
        failure = JobFailure.from_json(data["failure"]) if data["failure"] else None
        return cls(job, data["value"], failure, attempts)

    def result(self) -> Any:
        """Return the value.

        Raises:
            BaseException: The job has failed; see `JobFailure.exception`.
        """
        if self.failure is not None:
            raise self.failure.exception(self.job)
        return self.value


@dataclass(frozen=True)
class Rank:
    """The place of a job among those that were started together.

    Attributes:
        rank: Its number, from 0.
        world: How many there are.
        local_rank: Its number among those on its machine, from 0.
        meeting: Where they meet: a URL that `torch.distributed.init_process_group` takes as
            `init_method`.
    """

    rank: int = 0
    world: int = 1
    local_rank: int = 0
    meeting: str = ""


def failure_of(error: Exception, host: str = "") -> JobFailure:
    """Return an exception that a job has raised as its failure.

    Args:
        error: The exception.
        host: The machine that it was raised on; empty for the one of the run.
    """
    if isinstance(error, UserError):
        return JobFailure(FailureKind.user_error, error.problem, error.remedy, "", host, error)
    name = type(error).__name__
    text = (str(error).splitlines() or [name])[0]
    return JobFailure(FailureKind.crash, text, "", name, host, error)
