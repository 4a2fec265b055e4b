"""What fitting an estimator will cost, from fits on growing samples of the rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mlfw import Estimate, Schema, Splits
from mlfw.components.splits import TRAIN, VALIDATION
from mlfw.memory import peak_memory, resident_memory

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Predict = Callable[["pa.Table"], Any]
# Timing may take this share of a fit, but these seconds whatever the fit takes.
SHARE, LEAST_SECONDS, MOST_SECONDS = 0.02, 0.25, 1.0
FIRST_ROWS = 64
# Of each class, as cross-validation inside an estimator needs them.
CLASS_ROWS = 6
MOST_EXPONENT = 3.0
# For this many times the rows, time that does not depend on them may still be most of it.
NEAR = 4
VALIDATION_ROWS = 512


def fit_on_samples(
    data: Splits,
    seed: int,
    fit: Callable[[Splits], Predict],
    *,
    factor: float = 1.0,
) -> Estimate:
    """Return what a fit on all training rows will cost, by the power law of the samples' fits.

    Args:
        data: The rows.
        seed: What the choice of samples follows from.
        fit: Fits on the given rows, and returns what predicts.
        factor: How many times as long the fit takes for which `fit` stands.
    """
    held, total = resident_memory(), data.count(TRAIN)
    sizes, seconds, predict = _fits(data, seed, fit, factor)
    growth = max(resident_memory() - held, 0) * total // sizes[-1]
    first = f"{sizes[0]:,} to " if len(sizes) > 1 else ""
    return Estimate(
        seconds=extrapolated(sizes, seconds, total) * factor,
        basis=f"fits on {first}{sizes[-1]:,} rows",
        memory=max(held + growth, peak_memory()),
        predict_seconds=_predicting(predict, data) * factor,
    )


def _fits(
    data: Splits, seed: int, fit: Callable[[Splits], Predict], factor: float
) -> tuple[list[int], list[float], Predict]:
    """Fit on samples, each of twice the rows; return their sizes and seconds, and what predicts."""
    total = data.count(TRAIN)
    order = _order(data.train, data.schema, seed)

    def timed(rows: int) -> tuple[float, Predict]:
        sample = data.replace(train=data.train.take(order[:rows]), folds=(), key="")
        start = time.perf_counter()
        predict = fit(sample)
        return time.perf_counter() - start, predict

    rows = min(max(min(FIRST_ROWS, total // (2 * NEAR)), _least(data.schema)), total)
    # The first fit loads what the others find loaded, and counts only where it takes too long.
    took, predict = timed(rows)
    sizes, seconds = [rows], [took]
    if took > MOST_SECONDS:
        return sizes, seconds, predict
    seconds = [timed(rows)[0]]
    while rows * NEAR <= total:
        whole = extrapolated(sizes, seconds, total) * factor
        # Where time grows with the square, twice the rows take four times as long.
        if sum(seconds) + 4 * seconds[-1] > min(max(SHARE * whole, LEAST_SECONDS), MOST_SECONDS):
            break
        rows *= 2
        took, predict = timed(rows)
        sizes.append(rows)
        seconds.append(took)
    return sizes, seconds, predict


def extrapolated(sizes: Sequence[int], seconds: Sequence[float], rows: int) -> float:
    """Return how long a fit on so many rows takes.

    It grows from the last fit by a power of the number of rows: the slope between the logarithms
    of the last three fits' rows and seconds, by least squares. Far from them it is at least 1, as
    every row is read.

    Args:
        sizes: How many rows each fit had, ascending.
        seconds: How long it took.
        rows: How many rows there are to be.
    """
    points = [(math.log(n), math.log(max(t, 1e-9))) for n, t in zip(sizes, seconds, strict=True)]
    points = points[-3:]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 1.0
    times = rows / sizes[-1]
    return seconds[-1] * float(
        times ** min(max(slope, 0.0 if times <= NEAR else 1.0), MOST_EXPONENT)
    )


def _least(schema: Schema) -> int:
    """Return how many rows the smallest sample has, some of each class."""
    return CLASS_ROWS * max(len(target.classes) for target in schema.targets)


def _order(rows: pa.Table, schema: Schema, seed: int) -> np.ndarray:
    """Return the rows' numbers in random order, some rows of each class first."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(rows.num_rows)
    first = schema.single(schema.targets[0])
    if not first.task.is_classification:
        return order
    codes = np.asarray(first.codes(rows))[order]
    rank = np.empty(len(order), np.int64)
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        rank[own] = np.arange(len(own))
    return np.concatenate([order[rank < CLASS_ROWS], order[rank >= CLASS_ROWS]])


def _predicting(predict: Predict, data: Splits) -> float:
    """Return how long predicting the validation rows takes."""
    some = data.validation.slice(0, VALIDATION_ROWS)
    start = time.perf_counter()
    predict(some)
    share: float = data.count(VALIDATION) / max(some.num_rows, 1)
    return (time.perf_counter() - start) * share
