"""What is still to come of a run, from what one fit is expected to cost."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlfw.components import Estimate, Model, Splits
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw.components.trainer import untold
from mlfw.errors import UserError
from mlfw.files import TEMPORARY_PREFIX
from mlfw.pipeline.jobs import fit_resources
from mlfw.pipeline.judge import fold_count
from mlfw.pipeline.work import Work
from mlfw.quantities import duration, memory_size

logger = logging.getLogger("mlfw")
NOTED_SECONDS = 5.0


def fit_estimate(work: Work, model: Model) -> Estimate | None:
    """Return what a fit of the run's training rows is expected to cost; None if not known.

    A model that fails in estimating is one of which nothing is known.

    Raises:
        UserError: The model cannot learn from these rows with these settings.
    """
    # Where the fit will write, so that it can be seen how fast that is.
    with TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=work.directory.path) as folder:
        context = work.context(str(Path(folder).absolute()), final=True)
        unwatched = replace(context, report=untold, progress=untold, note=untold)
        try:
            return model.estimate(work.data, unwatched)
        except UserError:
            raise
        except Exception:
            logger.warning("the fit could not be estimated", exc_info=True)
            return None


def expect(work: Work, model: Model, trials: int | None = None) -> Estimate | None:
    """Return what a fit is expected to cost, and let progress count on it.

    A model that cannot be estimated is no reason to end the run: its fit will tell why.

    Args:
        work: The run.
        model: What is to be fitted.
        trials: How many trials are to come, where there are any and that is known.
    """
    if work.estimated is None or work.estimated[0] != model:
        work.course.doing("estimating the time")
        try:
            work.estimated = model, fit_estimate(work, model)
        except UserError as error:
            logger.warning("the fit could not be estimated: %s", error)
            work.estimated = model, None
        work.course.done()
    _, estimate = work.estimated
    expect_again(work, estimate, trials)
    return estimate


def expect_again(work: Work, estimate: Estimate | None, trials: int | None = None) -> None:
    """Let progress count on an estimate that was made before; see `expect`."""
    if estimate is not None:
        work.course.at_most = estimate.at_most
        work.course.expected = stage_seconds(work, estimate, trials)


def stage_seconds(work: Work, estimate: Estimate, trials: int | None) -> dict[str, float]:
    """Return how many seconds the stages take; those are left out of which that is not known.

    Jobs that run side by side are counted as if each had the cores of its own that it asks for.

    Args:
        work: The run.
        estimate: Of one fit on the training rows.
        trials: How many trials there are, where that is known.
    """
    count = fold_count(work)
    folds = _judged_folds(work, estimate) if count else 0.0
    slots = work.workers.slots(fit_resources(work))
    seconds = {"fit": estimate.seconds}
    if count:
        seconds["cross_validate"] = folds / min(slots, count)
    if trials is not None:
        trial = folds if count else estimate.seconds + (estimate.predict_seconds or 0.0)
        seconds["tune"] = trials * trial / min(slots, max(trials * max(count, 1), 1))
    if estimate.predict_seconds is not None and not work.opaque:
        rows = {name: work.splits.count(name) for name in (VALIDATION, TEST)}
        each = estimate.predict_seconds / max(rows[VALIDATION], 1)
        seconds["evaluate"] = each * sum(rows.values())
    return seconds


def _judged_folds(work: Work, estimate: Estimate) -> float:
    """Return how many seconds it takes to fit and judge every fold, as its rows are many."""
    assert isinstance(work.splits, Splits)
    train, own = (work.splits.count(name) for name in (TRAIN, VALIDATION))
    return sum(
        estimate.seconds * len(fold.train) / max(train, 1)
        + (estimate.predict_seconds or 0.0) * len(fold.validation) / max(own, 1)
        for fold in work.splits.folds
    )


def long_enough(seconds: Mapping[str, float]) -> bool:
    """Tell whether what is to come takes so long that the user should know."""
    return sum(seconds.values()) >= NOTED_SECONDS


def cost_in_words(estimate: Estimate) -> str:
    """Return what a fit costs, for people: `at most 12 min (100 epochs), 1.3 GB`."""
    count = f"{estimate.epochs} epoch{'s' if estimate.epochs != 1 else ''}"
    epochs = f" ({count})" if estimate.epochs else ""
    memory = "" if estimate.memory is None else f", {memory_size(estimate.memory)}"
    bound = "at most" if estimate.at_most else "about"
    return f"{bound} {duration(estimate.seconds)}{epochs}{memory}, from {estimate.basis}"
