"""What is to be predicted, by a target's kind and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Kind, Task, UserError

if TYPE_CHECKING:
    import pyarrow as pa

MOST_INTEGER_CLASSES = 20
LEAST_ROWS_PER_CLASS = 10


def infer_task(name: str, values: pa.Array, kind: Kind) -> Task:
    """Return the task that a target column, [rows] without missing values, stands for.

    Whole numbers are classes where there are two of them, or up to 20 with 10 rows or more each
    on average; other numbers are values to regress on. Everything else is classes.

    Raises:
        UserError: The column cannot be a target.
    """
    import pyarrow.compute as pc

    if kind is Kind.labels:
        return Task.multilabel
    distinct = len(values.unique())
    if kind is Kind.datetime:
        raise UserError(
            f"dataset.target={name}: holds dates, which no model predicts.",
            "Choose another target, or turn it into a number such as days.",
        )
    if kind is Kind.number:
        whole = pc.all(pc.equal(pc.round(values), values)).as_py()
        few = distinct <= MOST_INTEGER_CLASSES and distinct * LEAST_ROWS_PER_CLASS <= len(values)
        if not whole or not (few or distinct == 2):
            return Task.regression
    elif distinct > max(len(values) / 2, 2):
        raise UserError(
            f"dataset.target={name}: {distinct} different values in {len(values)} rows are no "
            "classes.",
            "Choose a target whose values repeat, or one that is a number.",
        )
    return Task.binary if distinct <= 2 else Task.multiclass
