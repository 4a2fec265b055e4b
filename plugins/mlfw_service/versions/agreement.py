"""In how many rows two models predict differently."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlfw import Schema, Task
from mlfw.schema.predictions import output_names, prediction_name

if TYPE_CHECKING:
    import pyarrow as pa

ZERO = 1e-9  # so near to each other two numbers are equal, whatever they are


def disagreements(one: pa.Table, other: pa.Table, schema: Schema, tolerance: float) -> int:
    """Return in how many rows two models predict differently.

    Classes differ if they are not the same, numbers if they are further apart than the tolerance.
    A row counts once, however many targets it has.

    Args:
        one: The predictions of a model.
        other: The predictions of another one for the same rows.
        schema: What both take and give.
        tolerance: The largest difference of two numbers that agree, relative to the larger one.
    """
    differ: set[int] = set()
    names = output_names(schema)
    for target in schema.targets:
        plain = prediction_name(schema, target)
        shown = names[plain]
        first, second = (
            table.column(shown if shown in table.column_names else plain).to_pylist()
            for table in (one, other)
        )
        numbers = target.task is Task.regression
        differ |= {
            row
            for row, pair in enumerate(zip(first, second, strict=True))
            if not (_near(*pair, tolerance) if numbers else pair[0] == pair[1])
        }
    return len(differ)


def _near(one: Any, other: Any, tolerance: float) -> bool:
    missing = [value is None or math.isnan(value) for value in (one, other)]
    if any(missing):
        return all(missing)
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=ZERO)
