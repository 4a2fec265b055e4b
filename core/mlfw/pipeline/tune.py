"""The second stage: try hyper-parameters and keep the best."""

from __future__ import annotations

from typing import Any

from mlfw.components import Search, Space
from mlfw.components.search import default_space, parse_space
from mlfw.errors import UserError
from mlfw.files import write_json
from mlfw.pipeline.forecast import cost_in_words, expect, long_enough
from mlfw.pipeline.metrics import main_metric
from mlfw.pipeline.trials import run_trials
from mlfw.pipeline.work import Work


def tune(work: Work) -> None:
    """Run the search, one batch of trials after the other, and note the best parameters.

    Every finished trial is a file, so a search that was killed goes on where it stopped.
    """
    config = work.config
    frozen = config.frozen

    def inputs() -> list[Any]:
        tuner = dict(frozen["tuner"])
        if tuner.get("batch") is None:  # runs of older versions do not have it
            tuner.pop("batch", None)
        return [
            work.fingerprints["prepare"],
            frozen["model"],
            frozen["trainer"],
            tuner,
            frozen["metrics"],
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
    trials = run_trials(work, search, name, metric)
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
