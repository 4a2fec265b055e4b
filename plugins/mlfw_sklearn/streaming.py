"""Linear models on rows that are too many for memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw import Estimate, FitContext, Schema, StreamedSplits, Task
from mlfw.components.splits import VALIDATION
from mlfw.memory import peak_memory, resident_memory
from mlfw_sklearn.predictor import EstimatorPredictor, rows_at_once
from mlfw_tabular import CODES, NUMBERS, TARGET, Prepared, one_hot, prepared

if TYPE_CHECKING:
    import numpy as np

    from mlfw_tabular import Arrays

BLOCK_ROWS, WINDOW_BLOCKS = 4096, 16
PASSES = 5
TIMED_ROWS = 8192


@dataclass(frozen=True)
class Rows:
    """Prepared rows, read in windows.

    Attributes:
        arrays: See `mlfw_tabular.features.Prepared`.
        cardinalities: How many codes each category has.
    """

    arrays: Arrays
    cardinalities: tuple[int, ...]

    def windows(self, target: int, seed: int | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield features, float64 [rows, features], and a target, [rows, ...], of some rows.

        Args:
            target: Which target.
            seed: What the order of windows and of rows in them follows from; None to keep it.
        """
        import numpy as np

        starts = np.arange(0, self.arrays.rows, BLOCK_ROWS)
        random = np.random.default_rng(seed)
        starts = starts if seed is None else random.permutation(starts)
        for first in range(0, len(starts), WINDOW_BLOCKS):
            parts = [
                self.arrays.read(start, min(start + BLOCK_ROWS, self.arrays.rows))
                for start in starts[first : first + WINDOW_BLOCKS].tolist()
            ]
            joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            values = joined[f"{TARGET}/{target}"]
            order = np.arange(len(values)) if seed is None else random.permutation(len(values))
            size = rows_at_once(joined[NUMBERS].shape[1] + sum(self.cardinalities))
            for at in range(0, len(order), size):
                some = order[at : at + size]
                taken = {name: joined[name][some] for name in (NUMBERS, CODES)}
                yield one_hot(taken, self.cardinalities), values[some]


def fit_streamed(data: StreamedSplits, context: FitContext, *, C: float) -> EstimatorPredictor:
    """Fit ridge regression for values and logistic regression for classes and labels.

    Ridge regression is exact: sums over all rows are all it needs. Logistic regression takes
    averaged stochastic gradient steps (Polyak and Juditsky 1992), five passes over the rows.

    Args:
        data: The rows.
        context: The seed, and where to keep prepared rows.
        C: Inverse of the penalty on large weights.
    """
    made = _prepared(data, context)
    return _fit(data, made, made.train, context, C)


def _prepared(data: StreamedSplits, context: FitContext) -> Prepared:
    return prepared(
        data,
        cache=context.cache,
        folder=context.folder,
        seed=context.seed,
        progress=context.preparing,
    )


def estimate_streamed(data: StreamedSplits, context: FitContext, *, C: float) -> Estimate | None:
    """Return what `fit_streamed` will cost, which grows with the rows, from a fit on some of them.

    The rows are prepared for it, and kept for the fit to come; without a place to keep them no
    estimate is given.

    Args:
        data: The rows.
        context: The seed, and where to keep prepared rows.
        C: Inverse of the penalty on large weights.
    """
    if context.cache is None or not data.key:
        return None
    made = _prepared(data, context)
    few, some = (FirstRows(made.train, min(n, made.train.rows)) for n in (BLOCK_ROWS, TIMED_ROWS))
    _fit(data, made, few, context, C)  # loads what is not to be timed
    start = time.perf_counter()
    predictor = _fit(data, made, some, context, C)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    batch = next(data.batches(VALIDATION)).slice(0, TIMED_ROWS)
    predictor.predict(batch)
    predicting = (time.perf_counter() - start) / max(batch.num_rows, 1)
    return Estimate(
        seconds=seconds * made.train.rows / max(some.rows, 1),
        basis=f"a fit on {some.rows:,} rows",
        memory=max(resident_memory(), peak_memory()),
        predict_seconds=predicting * data.count(VALIDATION),
    )


@dataclass(frozen=True)
class FirstRows:
    """The first rows of arrays, as `mlfw_tabular.arrays.Arrays`."""

    arrays: Arrays
    rows: int

    def read(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Return some rows."""
        return self.arrays.read(start, stop)


def _fit(
    data: StreamedSplits, made: Prepared, train: Arrays, context: FitContext, C: float
) -> EstimatorPredictor:
    rows = Rows(train, made.preprocessor.cardinalities)
    estimators: list[Any] = []
    for index, target in enumerate(data.schema.targets):
        single = data.schema.single(target)
        if target.task is Task.regression:
            estimators.append(_ridge(rows, made, index, C))
        elif target.task is Task.multilabel:
            estimators += [
                _logistic(rows, single, context, C, index, label)
                for label in range(len(target.classes))
            ]
        else:
            estimators.append(_logistic(rows, single, context, C, index, None))
    return EstimatorPredictor(data.schema, made.preprocessor, tuple(estimators))


def _logistic(
    rows: Rows, schema: Schema, context: FitContext, C: float, target: int, label: int | None
) -> Any:
    import numpy as np
    from sklearn.linear_model import SGDClassifier

    estimator = SGDClassifier(
        loss="log_loss",
        alpha=1 / (C * max(rows.arrays.rows, 1)),
        average=True,
        random_state=context.seed,
    )
    classes = np.arange(2 if label is not None else len(schema.classes))
    weights = np.asarray(schema.only.weights) if schema.only.weights else None
    for number in range(PASSES):
        for features, values in rows.windows(target, seed=context.seed + number):
            codes = values if label is None else values[:, label].astype(np.int64)
            sample_weight = None if weights is None or label is not None else weights[codes]
            estimator.partial_fit(features, codes, classes=classes, sample_weight=sample_weight)
        context.report(number + 1, {})
    return estimator


def _ridge(rows: Rows, made: Prepared, target: int, C: float) -> Any:
    """Solve the normal equations of the centred rows."""
    import numpy as np
    from sklearn.linear_model import Ridge

    count = 0
    total: Any = 0.0
    target_total: Any = 0.0
    squares: Any = 0.0
    products: Any = 0.0
    for features, scaled in rows.windows(target, seed=None):
        values = scaled.astype(np.float64)
        count += len(values)
        total = total + features.sum(axis=0)
        target_total = target_total + values.sum()
        squares = squares + features.T @ features
        products = products + features.T @ values
    mean, target_mean = total / count, target_total / count
    scatter = squares - count * np.outer(mean, mean)
    covariance = products - count * mean * target_mean
    penalty = np.eye(len(scatter)) / C
    weights = np.linalg.lstsq(scatter + penalty, covariance, rcond=None)[0]
    scale = made.scales[target]
    estimator = Ridge(alpha=1 / C)
    estimator.n_features_in_ = len(weights)
    estimator.coef_ = weights * scale.deviation
    estimator.intercept_ = float((target_mean - mean @ weights) * scale.deviation + scale.mean)
    return estimator
