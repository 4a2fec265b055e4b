"""Running one job in a worker."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from mlfw.components import Job, JobContext, JobFunction, JobResult, failure_of

logger = logging.getLogger("mlfw")


def perform(job: Job, context: JobContext, find: Callable[[str], JobFunction]) -> JobResult:
    """Run a job and return its result; `JobResult.to_json` makes data of it.

    Whatever an executor uses as workers, it calls this there. The traceback of a failure is logged.

    Args:
        job: The job.
        context: What its function is given.
        find: Returns the function of a job's name; see `JobSetup.find`.

    Raises:
        StopRequested: The job has saved and ended, as it was asked to.
    """
    try:
        value: Any = find(job.name)(job, context)
        json.dumps(value)
    except Exception as error:
        logger.warning("%s failed", job, exc_info=True)
        return JobResult(job, failure=failure_of(error))
    return JobResult(job, value)
