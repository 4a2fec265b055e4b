"""Running jobs in this process, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import partial

from mlfw.components import (
    Job,
    JobContext,
    JobResult,
    JobSetup,
    Resources,
    Watch,
    Workers,
    failure_of,
)
from mlfw.threads import usable_cores


class InProcess(Workers):
    """Runs each job where it is asked for; what it raises beside `Exception` ends the iteration.

    Args:
        setup: What jobs are given.
        retries: See `Workers`; what runs here does not outlive its process.
    """

    in_process = True

    def __init__(self, setup: JobSetup, retries: int = 3) -> None:
        self._setup = setup
        self.retries = retries

    def slots(self, resources: Resources) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def map(
        self,
        jobs: Iterable[Job],
        resources: Resources,  # noqa: ARG002
        watch: Watch,
    ) -> Generator[JobResult]:
        """Run the jobs in their order."""
        for job in jobs:
            watch.started(job, "")
            try:
                result = self._result(job, watch)
            finally:
                watch.ended(job)
            yield result

    def _result(self, job: Job, watch: Watch) -> JobResult:
        context = JobContext(
            workers=self,
            tell=partial(watch.told, job),
            stopping=watch.stopping,
            imports=self._setup.imports,
            threads=usable_cores(),
            kept=self._setup.kept,
        )
        try:
            return JobResult(job, self._setup.find(job.name)(job, context))
        except Exception as error:
            return JobResult(job, failure=failure_of(error))
