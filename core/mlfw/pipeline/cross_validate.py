"""The stage between tuning and the final fit: the same model on every fold."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from mlfw.components import Job, JobResult
from mlfw.errors import UserError
from mlfw.files import finite, read_json, write_json
from mlfw.pipeline.forecast import expect
from mlfw.pipeline.job_watch import JobWatch, Place, run_jobs
from mlfw.pipeline.jobs import fit_and_score_job, fit_resources
from mlfw.pipeline.judge import fold_count
from mlfw.pipeline.params import best_params, with_params
from mlfw.pipeline.work import Work
from mlfw.runs import RunDirectory

MEAN, DEVIATION = "cross-validation", "cross-validation deviation"


def cross_validate(work: Work) -> None:
    """Fit the model with the best parameters on every fold, and keep each fold's metrics.

    Every finished fold is a file, so that a run that was killed goes on where it stopped.
    Without folds there is nothing to do.
    """
    count = fold_count(work)
    if not count:
        return
    config = work.config
    params = best_params(work.directory)

    def inputs() -> list[Any]:
        return [
            work.fingerprints["prepare"],
            *(config.frozen[key] for key in ("model", "trainer", "metrics")),
            config.model.fingerprint(),
            list(work.metrics),
            params,
            config.seed,
            work.plugin_version("model"),
            work.plugin_version("trainer"),
        ]

    made = [work.directory.folds]
    work.stage(
        "cross_validate", inputs, f"{count} folds", lambda: _folds(work, params, count), made
    )


def summary(run: RunDirectory) -> dict[str, dict[str, Any]]:
    """Return means and standard deviations over a run's folds; nothing where it has none.

    The deviation is that of a sample, divided by the number of folds less one. A metric that
    is not a number on some fold has neither; one that is a matrix is left out.
    """
    finished = [read_json(file)["metrics"] for file in sorted(run.folds.glob("*.json"))]
    if not finished:
        return {}
    names = [name for name, value in finished[0].items() if not isinstance(value, list)]
    columns = {name: [metrics[name] for metrics in finished] for name in names}
    return {MEAN: _each(columns, fmean), DEVIATION: _each(columns, stdev)}


def _each(
    columns: Mapping[str, Sequence[Any]], compute: Callable[[Sequence[float]], float]
) -> dict[str, float | None]:
    return {name: None if None in values else compute(values) for name, values in columns.items()}


def _folds(work: Work, params: Mapping[str, Any], count: int) -> None:
    expect(work, with_params(work.config.model, params))
    files = [work.directory.folds / f"{number:05}.json" for number in range(count)]
    todo = [number for number, file in enumerate(files) if not _is_finished(work, file)]
    jobs = (
        fit_and_score_job(
            work,
            params,
            work.metrics,
            f"folds/{number:05}",
            fold=number,
            label=f"fold {number}",
        )
        for number in todo
    )

    def places(job: Job) -> list[Place]:
        return [("fold", job.arguments["fold"], count)]

    resources = fit_resources(work)
    watch = JobWatch(work, places, resources, count - len(todo))
    for result in run_jobs(work, jobs, resources, watch):
        _note(work, result, files[result.job.arguments["fold"]])


def _note(work: Work, result: JobResult, file: Path) -> None:
    """Keep the metrics of a fold.

    Raises:
        UserError: The model cannot learn from it.
        BaseException: What else has ended it.
    """
    shutil.rmtree(result.job.folder, ignore_errors=True)
    try:
        value = result.result()
    except UserError as error:
        raise UserError(f"{result.job}: {error.problem}", error.remedy) from None
    note = {
        "fold": result.job.arguments["fold"],
        "metrics": finite(value["metrics"]),
        "seconds": value["seconds"],
        "fingerprint": work.fingerprints["cross_validate"],
    }
    write_json(file, note)


def _is_finished(work: Work, file: Path) -> bool:
    try:
        return bool(read_json(file)["fingerprint"] == work.fingerprints["cross_validate"])
    except (OSError, ValueError, KeyError):
        return False
