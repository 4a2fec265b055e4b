"""The second stage: try hyper-parameters and keep the best."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from statistics import fmean
from typing import Any

from mlfw.components import Objective, Search, Space
from mlfw.components.search import default_space, parse_space, plain
from mlfw.errors import UserError
from mlfw.files import read_json, write_json
from mlfw.pipeline.forecast import cost_in_words, expect, long_enough
from mlfw.pipeline.judge import fold, fold_count, judge
from mlfw.pipeline.metrics import Measure, main_metric
from mlfw.pipeline.params import with_params
from mlfw.pipeline.work import Work

logger = logging.getLogger("mlfw")


def tune(work: Work) -> None:
    """Run the search, one trial after the other, and note the best parameters.

    Every finished trial is a file, so a search that was killed goes on where it stopped.
    """
    config = work.config
    frozen = config.frozen

    def inputs() -> list[Any]:
        return [
            work.fingerprints["prepare"],
            *(frozen[key] for key in ("model", "trainer", "tuner", "metrics")),
            config.model.fingerprint(),
            config.seed,
            work.plugin_version("model"),
            work.plugin_version("tuner"),
        ]

    detail = f"tuner {config.choice('tuner')}"
    work.stage("tune", inputs, detail, lambda: _search(work), [work.directory.tuning_file])


def _search(work: Work) -> None:
    if work.config.choice("tuner") == "none":
        write_json(work.directory.tuning_file, {"params": {}, "trials": 0})
        return
    name, metric = main_metric(work.metrics)
    search = begin_search(work)
    _say_what_it_takes(work, search.total)
    trials = _run_trials(work, search, {name: metric})
    good = [trial for trial in trials if trial["value"] is not None]
    if not good:
        errors = sorted({trial["error"].rstrip(".") for trial in trials})
        raise UserError(
            f"tuner: all {len(trials)} trials failed: {'; '.join(errors) or 'none ran'}.",
            "Narrow tuner.space to values that the model can take.",
        )
    sign = 1 if metric.higher_is_better else -1
    best = max(good, key=lambda trial: (sign * trial["value"], -trial["number"]))
    write_json(
        work.directory.tuning_file,
        {
            "metric": name,
            "trials": len(trials),
            "failed": len(trials) - len(good),
            "number": best["number"],
            "value": best["value"],
            "params": best["params"],
        },
    )


def _say_what_it_takes(work: Work, total: int | None) -> None:
    """Say what the search will cost where that is much; no two trials cost the same."""
    estimate = expect(work, work.config.model, total)
    if estimate is not None and long_enough(work.course.expected):
        trials = "trials" if total is None else f"{total:,} trials"
        cost = cost_in_words(estimate)
        work.monitor.note(f"{trials}; a fit with the configured parameters takes {cost}")


def begin_search(work: Work) -> Search:
    """Return the search that the tuner makes of the model's space.

    Raises:
        UserError: There is nothing to search, or the tuner cannot search it.
    """
    _, metric = main_metric(work.metrics)
    maximize = bool(metric.higher_is_better)
    return work.config.tuner.search(_space(work), work.config.seed, maximize=maximize)


def _space(work: Work) -> Space:
    model = work.config.model
    given = work.config.tuner.space
    space: Space = parse_space(type(model), given) if given else default_space(type(model))
    if not space:
        raise UserError(
            f"tuner: model={work.config.choice('model')} declares no search ranges.",
            "Give some, for example tuner.space.FIELD=[1,2,3].",
        )
    return space


def _run_trials(
    work: Work, search: Search, metric: Mapping[str, Measure | Objective]
) -> list[dict[str, Any]]:
    trials: list[dict[str, Any]] = []
    while (params := search.ask(len(trials))) is not None:
        params = {name: plain(value) for name, value in params.items()}
        trial = _finished_trial(work, len(trials), params)
        if trial is None:
            with work.course.part("trial", len(trials), search.total):
                trial = _trial(work, len(trials), params, metric)
        search.tell(trial["number"], params, trial["value"])
        trials.append(trial)
        _show_best(work, trials, metric)
        work.events.trial_finished(trial["number"], params, trial["value"])
    return trials


def _show_best(
    work: Work, trials: Sequence[Mapping[str, Any]], metric: Mapping[str, Measure | Objective]
) -> None:
    """Show the best value of the trials so far."""
    ((name, measure),) = metric.items()
    values = [trial["value"] for trial in trials if trial["value"] is not None]
    if values:
        work.course.best(name, (max if measure.higher_is_better else min)(values))


def _finished_trial(work: Work, number: int, params: dict[str, Any]) -> dict[str, Any] | None:
    try:
        trial = read_json(work.directory.trials / f"{number:05}.json")
    except (OSError, ValueError):
        return None
    same = trial["fingerprint"] == work.fingerprints["tune"] and trial["params"] == params
    return dict(trial) if same else None


def _trial(
    work: Work, number: int, params: dict[str, Any], metric: Mapping[str, Measure | Objective]
) -> dict[str, Any]:
    """Fit with these parameters, judge, and note the outcome."""
    start = time.perf_counter()
    value, error = None, ""
    folder = f"trials/{number:05}"
    try:
        outcome = _outcome(work, params, metric, folder)
        value = outcome if outcome == outcome else None  # NaN differs from itself
        error = "" if value is not None else "the metric is not a number"
    except Exception as failure:
        logger.warning("trial %s failed", number, exc_info=True)
        error = (str(failure).splitlines() or [type(failure).__name__])[0]
    finally:
        shutil.rmtree(work.directory.path / folder, ignore_errors=True)
    trial = {
        "number": number,
        "params": params,
        "value": value,
        "error": error,
        "seconds": time.perf_counter() - start,
        "fingerprint": work.fingerprints["tune"],
    }
    write_json(work.directory.trials / f"{number:05}.json", trial)
    return trial


def _outcome(
    work: Work, params: dict[str, Any], metric: Mapping[str, Measure | Objective], folder: str
) -> float:
    """Return the metric on the validation rows, or its mean over the folds where there are any."""
    count = fold_count(work)
    parts = (fold(work, number) for number in range(count)) if count else iter([work.data])
    values = []
    for number, data in enumerate(parts):
        model = with_params(work.config.model, params)
        with work.course.part("fold", number, count) if count else nullcontext():
            (value,) = judge(work, model, data, metric, f"{folder}/{number:05}").values()
        assert isinstance(value, float)
        values.append(value)
    # A fold without a row of the positive class has no f1, in every trial.
    return fmean([value for value in values if value == value] or values)
