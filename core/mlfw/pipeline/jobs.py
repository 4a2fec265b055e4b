"""The jobs of a run's stages, and how a worker takes part in a run."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from mlfw.components import Job, JobContext, JobSetup
from mlfw.pipeline.judge import fold, judge
from mlfw.pipeline.params import with_params
from mlfw.pipeline.work import Work

KEPT = "mlfw/run"


def fit_and_score_job(
    work: Work,
    params: Mapping[str, Any],
    metrics: Iterable[str],
    folder: str,
    *,
    fold: int | None = None,
    label: str = "",
    **others: Any,
) -> Job:
    """Return a job that fits the run's model and returns its metrics on the validation rows.

    Args:
        work: The run.
        params: The parameters of the model.
        metrics: The names of the metrics.
        folder: The folder for checkpoints, in the run directory.
        fold: Which fold to fit and judge on; None for the training and validation rows.
        label: What to call the job.
        others: Further arguments, for whoever takes the result.
    """
    run = work.directory.path.absolute()
    arguments = {"run": str(run), "params": dict(params), "metrics": list(metrics), "fold": fold}
    return Job("fit_and_score", {**arguments, **others}, str(run / folder), label)


def fit_and_score(job: Job, context: JobContext) -> dict[str, Any]:
    """Fit the run's model; return its metrics and the seconds; see `fit_and_score_job`."""
    work = run_of(job, context)
    number = job.arguments["fold"]
    data = work.data if number is None else fold(work, number)
    measures = {name: work.metrics[name] for name in job.arguments["metrics"]}
    model = with_params(work.config.model, job.arguments["params"])
    start = time.perf_counter()
    metrics = judge(work, model, data, measures, job.folder)
    return {"metrics": metrics, "seconds": time.perf_counter() - start}


def keep(setup: JobSetup, work: Work) -> None:
    """Let jobs that run in this process use the run as it is here."""
    setup.kept[KEPT] = work


def run_of(job: Job, context: JobContext) -> Work:
    """Return the run that a job belongs to."""
    work = context.kept[KEPT]
    assert isinstance(work, Work)
    assert str(work.directory.path.absolute()) == job.arguments["run"]
    return work
