"""The jobs of a run's stages."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from typing import Any

from mlfw.components import Job, JobContext, JobSetup, Resources
from mlfw.components.splits import TEST, first_rows
from mlfw.memory import peak_memory
from mlfw.pipeline.judge import fold, judge
from mlfw.pipeline.params import merged, with_params
from mlfw.pipeline.saved_model import save_model
from mlfw.pipeline.work import Work

# What a process keeps of a run: of its own, or of another process that it works for.
HERE, ELSEWHERE = "mlfw/run", "mlfw/run of another process"
ROWS_COMPARED = 1000  # of the test split, to see that the saved model predicts as the fitted one


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
    arguments = {
        **_run_arguments(work),
        "params": dict(params),
        "metrics": list(metrics),
        "fold": fold,
        **others,
    }
    place = work.directory.path.absolute() / folder
    return Job("fit_and_score", arguments, str(place), label)


def fit_and_score(job: Job, context: JobContext) -> dict[str, Any]:
    """Fit the run's model; return its metrics and the seconds; see `fit_and_score_job`."""
    start = time.perf_counter()
    work = run_of(job, context)
    number = job.arguments["fold"]
    data = work.data if number is None else fold(work, number)
    measures = {name: work.metrics[name] for name in job.arguments["metrics"]}
    model = with_params(work.config.model, job.arguments["params"])
    metrics = judge(work, model, data, measures, job.folder)
    return {"metrics": metrics, "seconds": time.perf_counter() - start}


def fit_job(work: Work, params: Mapping[str, Any]) -> Job:
    """Return a job that fits the run's own model and saves it in the run directory.

    It tells `fitting` when the fit begins, and `fitted`, with the peak memory in bytes, when it has
    ended; then it saves.
    """
    arguments = {**_run_arguments(work), "params": dict(params)}
    folder = work.directory.checkpoints.absolute()
    return Job("fit", arguments, str(folder), "fit")


def fit(job: Job, context: JobContext) -> None:
    """Fit the run's own model and save it; see `fit_job`."""
    work, params = run_of(job, context), job.arguments["params"]
    config = work.config
    model, data = with_params(config.model, params), work.data
    context.tell({"fitting": None})
    fitted = model.fit(data, work.context(job.folder, final=True))
    context.tell({"fitted": peak_memory()})
    options = {key: value for key, value in config.frozen["model"].items() if key != "use"}
    entry = work.plugins.registry.get("model", config.choice("model"))
    work.course.doing("saving the model")
    rows = () if work.opaque else first_rows(work.splits, TEST, ROWS_COMPARED)
    save_model(fitted, merged(options, params), entry, work.directory.model, rows)
    shutil.rmtree(work.directory.checkpoints, ignore_errors=True)


def fit_resources(work: Work, *, alone: bool = False) -> Resources:
    """Return what one fit needs.

    Args:
        work: The run.
        alone: Whether nothing else is to run beside it.
    """
    model, trainer = work.config.model, work.config.trainer
    gpus = trainer.gpus_used(work.workers.gpus) if model.uses_trainer else 0
    return Resources(gpus=gpus, alone=alone)


def keep(setup: JobSetup, work: Work) -> None:
    """Let jobs that run in this process use the run as it is here."""
    setup.kept[HERE] = work


def run_of(job: Job, context: JobContext) -> Work:
    """Return the run that a job belongs to: the one of this process, or as its directory has it."""
    here: Work | None = context.kept.get(HERE)
    if here is not None:
        return here
    from mlfw.pipeline.remote import run_in_worker

    run, key = job.arguments["run"], job.arguments["key"]
    work = run_in_worker(run, key, context, context.kept.get(ELSEWHERE))
    context.kept[ELSEWHERE] = work
    return work


def _run_arguments(work: Work) -> dict[str, Any]:
    folder = str(work.directory.path.absolute())
    return {"run": folder, "key": work.fingerprints["prepare"]}
