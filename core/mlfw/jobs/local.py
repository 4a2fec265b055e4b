"""The executor of one machine: this process, or several."""

from __future__ import annotations

from dataclasses import dataclass

from mlfw.components import Executor, JobSetup, Workers
from mlfw.jobs.in_process import InProcess


@dataclass(kw_only=True)
class LocalExecutor(Executor):
    """Runs jobs on this machine, in this process."""

    def start(self, setup: JobSetup) -> Workers:
        """Return this process."""
        return InProcess(setup)
