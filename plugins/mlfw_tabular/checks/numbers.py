"""Numbers that are far from all others, or infinite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlfw import Action, Kind
from mlfw.components.splits import TRAIN
from mlfw_tabular.checks.base import Check, MakesMissing, Problem
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.values import counted, floats, sample

if TYPE_CHECKING:
    import pyarrow as pa

RANGES = 6


class Infinities(MakesMissing[Rows]):
    """Numbers that are infinite."""

    name = "infinities"
    default = Action.fix

    def find(self, data: Rows) -> list[Problem]:
        """Return the columns that hold some."""
        import numpy as np
        import pyarrow.compute as pc

        problems = []
        for column, values in data.of_kind(Kind.number):
            if pc.any(pc.is_inf(values)).as_py():
                where = np.isinf(floats(values))
                problems.append(infinite_problem(column.name, int(where.sum()), where))
        return problems


def infinite_problem(column: str, found: int, where: Any = None) -> Problem:
    """Return the problem that a column holds so many infinite numbers."""
    message = counted(found, "infinite value")
    return Problem(message=message, column=column, rows=found, where=where)


class Outliers(Check[Parts]):
    """Training values over 6 interquartile ranges below the first or above the third quartile."""

    name = "outliers"
    default = Action.warn
    mend = "clip them"
    mended = "Clipped in the training rows."

    def find(self, data: Parts) -> list[Problem]:
        """Return the columns that hold some; `where` is the lowest and the highest to be kept."""
        problems = []
        for column, splits in data.of_kind(Kind.number):
            low, high = _bounds(splits[TRAIN], data.context.seed, integer=column.integer)
            found = _outside(splits[TRAIN], low, high)
            if found:
                problems.append(
                    Problem(
                        message=counted(found, "outlier"),
                        column=column.name,
                        rows=found,
                        where=(low, high),
                        detail=f"training values outside {low:.4g} to {high:.4g}",
                    )
                )
        return problems

    def fix(self, data: Parts, problems: Sequence[Problem]) -> tuple[Parts, Sequence[Problem]]:
        """Clip the training rows, so that single values do not rule the fit."""
        import pyarrow.compute as pc

        changed = {}
        for problem in problems:
            values = data.arrays[TRAIN][problem.column]
            low, high = problem.where
            clipped = pc.max_element_wise(values, low, skip_nulls=False)
            changed[problem.column] = pc.min_element_wise(clipped, high, skip_nulls=False)
        return data.with_training(changed), problems


def _bounds(values: pa.Array, seed: int, *, integer: bool) -> tuple[float, float]:
    """Return the lowest and highest value that is no outlier, by the quartiles of a sample."""
    import numpy as np

    numbers = floats(values)
    rows = sample(len(numbers), seed)
    some = numbers if rows is None else numbers[rows]
    some = some[np.isfinite(some)]
    if not len(some):
        return -np.inf, np.inf
    first, third = np.percentile(some, [25, 75])
    reach = RANGES * (third - first)
    if not reach:
        return -np.inf, np.inf
    low, high = first - reach, third + reach
    return (float(np.floor(low)), float(np.ceil(high))) if integer else (float(low), float(high))


def _outside(values: pa.Array, low: float, high: float) -> int:
    import pyarrow.compute as pc

    extremes = pc.min_max(values)
    least, most = extremes["min"].as_py(), extremes["max"].as_py()
    if least is None or (least >= low and most <= high):
        return 0
    beyond = pc.or_(pc.less(values, low), pc.greater(values, high))
    return int(pc.sum(beyond).as_py() or 0)
