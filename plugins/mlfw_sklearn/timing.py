"""What fitting an estimator will cost, from fits on growing samples of the rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw import Estimate, Schema, Splits
from mlfw.components.splits import TRAIN, VALIDATION
from mlfw.memory import peak_memory, resident_memory

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

Predict = Callable[["pa.Table"], Any]
# Timing may take this share of a fit, but these seconds whatever the fit takes.
SHARE, LEAST_SECONDS, MOST_SECONDS = 0.02, 0.3, 1.0
# A fit that is as short as this is made several times.
REPEATS, REPEATED_SECONDS = 3, 0.05
FIRST_SHARE, LARGEST_SHARE, FEWEST_ROWS, MOST_ROWS = 32, 4, 64, 1024
# Of each class, as cross-validation inside an estimator needs them.
CLASS_ROWS = 6
MOST_COUNTED = 10
# Powers of the number of rows: of a lone fit nearby, of three fits at most, and how much more than
# what is known of the method two fits may tell.
NEAR_POWER, MOST_POWER, SURPLUS = 0.5, 3.0, 0.3
VALIDATION_ROWS = 512


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How the time of a fit grows, as far as that is known of the method.

    Attributes:
        power: The power of the number of rows with which the time grows at least.
        near: For up to so many times the rows, time that does not depend on them may still be
            most of it.
        fewest: How many rows a fit needs at least to tell how long one on more rows takes.
    """

    power: float = 1.0
    near: int = 4
    fewest: int = 0


def fit_on_samples(
    data: Splits,
    seed: int,
    fit: Callable[[Splits, int], Predict],
    *,
    growth: Growth,
    count: int,
) -> Estimate:
    """Return what a fit on all training rows will cost, by the power law of the samples' fits.

    Args:
        data: The rows.
        seed: What the choice of samples follows from.
        fit: Fits on the given rows, and returns what predicts. Where a fit makes many things one
            after the other, such as trees, it makes no more than the number given.
        growth: How its time grows.
        count: How many things a whole fit makes.
    """
    total, order = data.count(TRAIN), _order(data.train, data.schema, seed)
    few = min(count, MOST_COUNTED)

    def timed(rows: int, made: int = few) -> tuple[float, float, Predict]:
        sample = data.replace(train=data.train.take(order[:rows]), folds=(), key="")
        took = spent = math.inf
        # On a machine that others use too, less work is done in the same time: the least counts.
        for _ in range(REPEATS):
            start, worked = time.perf_counter(), time.process_time()
            predict = fit(sample, made)
            took = min(took, time.perf_counter() - start)
            spent = min(spent, took, time.process_time() - worked)
            if took > REPEATED_SECONDS:
                break
        return took, spent, predict

    def expected(rows: int) -> float:
        return extrapolated(sizes, seconds, rows, growth)

    sizes = [min(max(_first_size(total, data.schema), growth.fewest), total)]
    # The first fit loads what the others find loaded, and counts only where it takes too long.
    took, spent, predict = timed(sizes[0])
    held = resident_memory()
    if spent < MOST_SECONDS:
        took, spent, predict = timed(sizes[0])
    seconds = [took]
    while (more := min(growth.near * sizes[-1], total // 2)) >= 2 * sizes[-1]:
        allowed = min(max(SHARE * expected(total) * count / few, LEAST_SECONDS), MOST_SECONDS)
        if spent * (1 + expected(more) / expected(sizes[-1])) > allowed:
            break
        took, spent, predict = timed(more)
        sizes.append(more)
        seconds.append(took)
    factor = 1.0 if count == few else _times(timed(sizes[-1], 1)[0], took, few, count)
    grown = max(resident_memory() - held, 0) * total // sizes[-1]
    return Estimate(
        seconds=expected(total) * factor,
        basis=_basis(sizes),
        memory=max(held + grown, peak_memory()),
        predict_seconds=_predicting(predict, data) * count / few,
    )


def _times(one: float, few_seconds: float, few: int, count: int) -> float:
    """Return how many times as long a fit takes that makes more; what comes first is done once."""
    each = max(few_seconds - one, 0.0) / (few - 1)
    return (few_seconds + each * (count - few)) / few_seconds


def extrapolated(
    sizes: Sequence[int], seconds: Sequence[float], rows: int, growth: Growth
) -> float:
    """Return how long a fit on so many rows takes.

    It grows from the last fit by a power of the number of rows: the slope between the logarithms
    of the last three fits' rows and seconds, by least squares. Where that is less than what is
    known of the method, part of the time does not depend on the rows: the rest grows as is known.

    Args:
        sizes: How many rows each fit had, ascending.
        seconds: How long it took.
        rows: How many rows there are to be.
        growth: What is known of the method.
    """
    size, took = sizes[-1], seconds[-1]
    times = rows / size
    if len(sizes) == 1:
        power = NEAR_POWER if times <= growth.near else growth.power
        return float(took * math.pow(times, power))
    slope = _slope(sizes[-3:], seconds[-3:])
    # Two fits tell little where other processes slow one of them down.
    most = MOST_POWER if len(sizes) > 2 else growth.power + SURPLUS
    least = growth.power
    if slope >= least:
        return float(took * math.pow(times, min(slope, most)))
    grown = max(took - seconds[0], 0.0) / (size**least - sizes[0] ** least)
    return float(took + grown * (math.pow(rows, least) - size**least))


def _slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Return the slope of the seconds over the rows, both as logarithms, by least squares."""
    points = [(math.log(n), math.log(max(t, 1e-9))) for n, t in zip(sizes, seconds, strict=True)]
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return float(sum((x - mean_x) * (y - mean_y) for x, y in points) / spread)


def _basis(sizes: Sequence[int]) -> str:
    if len(sizes) == 1:
        return f"a fit on {sizes[0]:,} rows"
    return f"fits on {sizes[0]:,} to {sizes[-1]:,} rows"


def _first_size(total: int, schema: Schema) -> int:
    """Return how many rows the smallest sample has, some of each class."""
    classes = max(len(target.classes) for target in schema.targets)
    wanted = min(max(total // FIRST_SHARE, FEWEST_ROWS), MOST_ROWS)
    return min(max(min(wanted, math.ceil(total / LARGEST_SHARE)), CLASS_ROWS * classes), total)


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
