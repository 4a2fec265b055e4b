"""The trials of a search, in batches that run side by side."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from mlfw.components import FailureKind, Job, JobResult, Objective, Resources, Search
from mlfw.components.search import plain
from mlfw.files import read_json, write_json
from mlfw.hints import override
from mlfw.pipeline.job_watch import JobWatch, Place, run_jobs
from mlfw.pipeline.jobs import fit_and_score_job, fit_resources
from mlfw.pipeline.judge import fold_count
from mlfw.pipeline.metrics import Measure
from mlfw.pipeline.work import Work

logger = logging.getLogger("mlfw")


def run_trials(
    work: Work, search: Search, name: str, measure: Measure | Objective
) -> list[dict[str, Any]]:
    """Run all trials of a search and return what became of them, in their order.

    The result depends on the batch size, not on timing: when all trials of a batch have ended, the
    search is told their values in order of number.

    Args:
        work: The run.
        search: Chooses the parameters.
        name: The metric that ranks trials.
        measure: The same.
    """
    trials: list[dict[str, Any]] = []
    resources = fit_resources(work)
    size = _batch_size(work, resources)
    while batch := _asked(search, len(trials), size):
        _Batch(work, name, resources, search.total, batch).run()
        for trial in batch:
            content = trial.content
            search.tell(trial.number, trial.params, content["value"])
            trials.append(content)
            _show_best(work, trials, name, measure)
            work.events.trial_finished(trial.number, trial.params, content["value"])
    return trials


@dataclass
class _Trial:
    """One trial: what it tries, and what has become of it so far.

    Attributes:
        number: Its number, from 0.
        params: What it tries.
        values: The metric, by fold; by 0 where there are no folds.
        errors: Why folds have failed.
        content: What its file holds; empty until it has ended.
    """

    number: int
    params: dict[str, Any]
    values: dict[int, float] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)
    start: float = 0.0

    @property
    def folder(self) -> str:
        """Where its fits keep what they need, in the run directory."""
        return f"trials/{self.number:05}"


def _asked(search: Search, first: int, size: int) -> list[_Trial]:
    """Return the next trials; none when the search has ended."""
    batch: list[_Trial] = []
    while len(batch) < size and (params := search.ask(first + len(batch))) is not None:
        chosen = {name: plain(value) for name, value in params.items()}
        batch.append(_Trial(first + len(batch), chosen))
    return batch


def _batch_size(work: Work, resources: Resources) -> int:
    """Return how many trials are chosen at a time: as many as when the search was begun."""
    slots = work.workers.slots(resources)
    given = work.config.tuner.batch
    if given is not None:
        return given
    begun = {"fingerprint": work.fingerprints["tune"], "batch": slots}
    try:
        found = read_json(work.directory.search_file)
    except (OSError, ValueError):
        # Versions that did not note it have run one trial at a time.
        first = _Trial(0, {})
        earlier = _read(work, first)
        found = {**begun, "batch": 1 if earlier else slots}
    if found["fingerprint"] != work.fingerprints["tune"]:
        found = begun
    write_json(work.directory.search_file, found)
    if found["batch"] < slots:
        work.monitor.note(
            f"the search goes on as it was begun, {found['batch']} trials at a time; to run "
            f"{slots} at a time, begin a new one: {override('tuner.batch', slots)}"
        )
    return int(found["batch"])


class _Batch:
    """Runs the trials of one batch that have not run in an earlier attempt of the run."""

    def __init__(
        self,
        work: Work,
        name: str,
        resources: Resources,
        total: int | None,
        trials: Sequence[_Trial],
    ) -> None:
        self._work = work
        self._name = name
        self._resources = resources
        self._total = total
        self._folds = fold_count(work)
        self._trials = {trial.number: trial for trial in trials}
        for trial in trials:
            trial.content = _finished(work, trial)

    def run(self) -> None:
        """Run them, and write the file of each as it ends.

        Raises:
            BaseException: A worker was lost again and again.
        """
        todo = [trial for trial in self._trials.values() if not trial.content]
        before = min(self._trials) + len(self._trials) - len(todo)
        watch = JobWatch(self._work, self._places, self._resources, before)
        if not todo:
            return
        for result in run_jobs(self._work, self._jobs(todo), self._resources, watch):
            trial = self._trials[result.job.arguments["trial"]]
            self._take(trial, result)
            if len(trial.values) + len(trial.errors) == max(self._folds, 1):
                self._end(trial)
        for trial in todo:
            if not trial.content:
                self._end(trial)

    def _jobs(self, todo: Sequence[_Trial]) -> Iterator[Job]:
        """Yield a job a fold; those of a trial that has failed are left out."""
        for trial in todo:
            trial.start = time.perf_counter()
            for number in range(max(self._folds, 1)):
                if trial.errors:
                    break
                yield fit_and_score_job(
                    self._work,
                    trial.params,
                    [self._name],
                    f"{trial.folder}/{number:05}",
                    fold=number if self._folds else None,
                    label=f"trial {trial.number}" + (f", fold {number}" if self._folds else ""),
                    trial=trial.number,
                )

    def _places(self, job: Job) -> list[Place]:
        places: list[Place] = [("trial", job.arguments["trial"], self._total)]
        if self._folds:
            places.append(("fold", job.arguments["fold"], self._folds))
        return places

    def _take(self, trial: _Trial, result: JobResult) -> None:
        """Take note of what has become of a fold; a lost worker is no failure of the trial's."""
        fold, failure = result.job.arguments["fold"] or 0, result.failure
        if failure is None:
            trial.values[fold] = result.value["metrics"][self._name]
        elif failure.kind is FailureKind.lost:
            raise failure.exception(result.job)
        else:
            logger.warning("%s failed", result.job, exc_info=failure.error)
            trial.errors[fold] = (failure.problem.splitlines() or [failure.cause])[0]

    def _end(self, trial: _Trial) -> None:
        """Write a trial's file."""
        value, error = None, ""
        if trial.errors:
            error = trial.errors[min(trial.errors)]
        else:
            known = [value for value in trial.values.values() if value == value]
            # A fold without a row of the positive class has no f1, in every trial.
            value = fmean(known) if known else None  # NaN differs from itself
            error = "" if known else "the metric is not a number"
        trial.content = {
            "number": trial.number,
            "params": trial.params,
            "value": value,
            "error": error,
            "seconds": time.perf_counter() - trial.start,
            "fingerprint": self._work.fingerprints["tune"],
        }
        shutil.rmtree(self._work.directory.path / trial.folder, ignore_errors=True)
        write_json(_file(self._work, trial), trial.content)


def _finished(work: Work, trial: _Trial) -> dict[str, Any]:
    """Return what the trial's file holds; nothing where it has not run."""
    found = _read(work, trial)
    return found if found and found["params"] == trial.params else {}


def _read(work: Work, trial: _Trial) -> dict[str, Any]:
    try:
        found = dict(read_json(_file(work, trial)))
    except (OSError, ValueError):
        return {}
    return found if found["fingerprint"] == work.fingerprints["tune"] else {}


def _file(work: Work, trial: _Trial) -> Any:
    return work.directory.trials / f"{trial.number:05}.json"


def _show_best(
    work: Work, trials: Sequence[dict[str, Any]], name: str, measure: Measure | Objective
) -> None:
    """Show the best value of the trials so far."""
    values = [trial["value"] for trial in trials if trial["value"] is not None]
    if values:
        work.course.best(name, (max if measure.higher_is_better else min)(values))
