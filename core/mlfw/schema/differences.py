"""Comparing what two models take and give."""

from __future__ import annotations

from mlfw.errors import listing
from mlfw.schema.schema import Schema


def schema_difference(one: Schema, other: Schema) -> str:
    """Return the first difference that a caller of two models would notice; empty if there is none.

    The order of the columns, the categories seen in training and whether values were missing may
    differ: every model deals with these itself.

    Args:
        one: What the first model takes and gives.
        other: What the second one takes and gives.

    Returns:
        A clause such as "column 'age' is a number in the first one, text in the second one".
    """
    for schema, lacking, place in ((one, other, "second"), (other, one, "first")):
        missing = [name for name in schema.names if name not in lacking.names]
        if missing:
            return f"the {place} one has no column {listing(missing, 3)}"
    kinds = {column.name: (column.kind, column.format) for column in other.columns}
    for column in one.columns:
        kind, form = kinds[column.name]
        if column.kind is not kind:
            return (
                f"column '{column.name}' is {column.kind.value} in the first one, "
                f"{kind.value} in the second one"
            )
        if column.format != form:
            return f"column '{column.name}' is written in another form in the second one"
    return _target_difference(one, other)


def _target_difference(one: Schema, other: Schema) -> str:
    first, second = ([target.name for target in schema.targets] for schema in (one, other))
    if first != second:
        return f"the first one predicts {listing(first, 3)}, the second one {listing(second, 3)}"
    for target, counterpart in zip(one.targets, other.targets, strict=True):
        if target.task is not counterpart.task:
            return (
                f"the task of '{target.name}' is {target.task.value} in the first one, "
                f"{counterpart.task.value} in the second one"
            )
        if target.classes != counterpart.classes:
            return (
                f"the classes of '{target.name}' are {listing(target.classes, 6)} in the first "
                f"one, {listing(counterpart.classes, 6)} in the second one"
            )
    return ""
