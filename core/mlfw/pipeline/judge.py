"""Fitting a model that is not the run's own, to judge it on validation rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlfw.components import Model, Objective, OpaquePredictor, Predictor, Splits
from mlfw.components.splits import VALIDATION
from mlfw.errors import UserError
from mlfw.pipeline.metrics import Measure, compute_metrics
from mlfw.pipeline.opaque import objective_value
from mlfw.pipeline.outcomes import predict_split
from mlfw.pipeline.work import Work


def judge(
    work: Work,
    model: Model,
    data: Any,
    measures: Mapping[str, Measure | Objective],
    folder: str,
) -> dict[str, Any]:
    """Fit a model and return its metrics on the validation rows.

    Args:
        work: The run.
        model: What to fit.
        data: The run's data, or one of its folds.
        measures: What to measure.
        folder: Where the fit keeps what it needs, in the run directory.
    """
    context = work.context(folder, final=False)
    predictor = model.fit(data, context)
    if isinstance(predictor, OpaquePredictor):
        values = predictor.measure(data, VALIDATION, context)
        objectives = [each for each in measures.values() if isinstance(each, Objective)]
        return {each.name: objective_value(each, values) for each in objectives}
    assert isinstance(predictor, Predictor)
    of_rows = {name: each for name, each in measures.items() if isinstance(each, Measure)}
    outcomes = predict_split(data, VALIDATION, predictor.predict)
    return dict(compute_metrics(of_rows, outcomes.truth, outcomes.predictions, data.schema))


def fold_count(work: Work) -> int:
    """Return how many folds the run has, over all repeats; 0 without cross-validation.

    Raises:
        UserError: Folds were asked for, and the data set makes none.
    """
    asked = work.config.split.folds
    if not asked:
        return 0
    made = len(work.data.folds) if isinstance(work.data, Splits) else 0
    if not made:
        raise UserError(
            f"split.folds={asked}: dataset={work.config.choice('dataset')} makes no folds.",
            "Set split.folds=0.",
        )
    return made


def fold(work: Work, number: int) -> Splits:
    """Return one of the run's folds, from 0."""
    assert isinstance(work.splits, Splits)
    return work.splits.fold(number)
