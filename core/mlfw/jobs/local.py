"""The executor of one machine: this process, or several."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlfw.components import Executor, JobSetup, Workers, limits
from mlfw.jobs.in_process import InProcess


@dataclass(kw_only=True)
class LocalExecutor(Executor):
    """Runs jobs on this machine: in this process, or side by side in several.

    Attributes:
        workers: How many processes run jobs side by side; with 0 or 1, jobs run in this process,
            one after the other. Each process takes memory for libraries of its own; prepared data
            are shared, and the threads that libraries compute with are divided.
        heartbeat: After how many seconds without a sign of life a process counts as frozen; it is
            ended, and its job is started again.
    """

    workers: int = field(default=1, metadata=limits(minimum=0, maximum=1024))
    heartbeat: float = field(default=60.0, metadata=limits(minimum=3))

    def start(self, setup: JobSetup) -> Workers:
        """Return this process, or processes that are started when there are jobs."""
        if self.workers <= 1:
            return InProcess(setup, self.retries)
        from mlfw.jobs.pool import LocalWorkers

        return LocalWorkers(self, setup)
