"""What is to be predicted: the task and the classes that follow from a target's values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Column, Kind, Schema, Target, Task, UserError
from mlfw.errors import listing
from mlfw.hints import override
from mlfw_tabular.infer import infer_task

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

EXACT = 2**53  # beyond it floats are further apart than whole numbers


def plain(values: pa.Array) -> pa.Array:
    """Return a target's values as they are compared: strings, where a dictionary holds them."""
    import pyarrow as pa

    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def usable_rows(values: pa.Array, kind: Kind) -> pa.Array:
    """Return which rows have a target, bool [rows]; a number has to be finite."""
    import pyarrow.compute as pc

    if kind is Kind.number:
        return pc.fill_null(pc.is_finite(values), False)
    return pc.is_valid(values)


def make_target(column: Column, values: pa.Array, task: Task | None) -> Target:
    """Return the target that a column stands for.

    Args:
        column: The column.
        values: Its values in storage type, none missing, [rows].
        task: What was asked for, if anything.

    Raises:
        UserError: The values are none that can be predicted, or do not fit the task.
    """
    import pyarrow.compute as pc

    name, kind = column.name, column.kind
    inferred = task or infer_task(name, values, kind)
    whole = kind is Kind.number and bool(pc.all(pc.equal(pc.round(values), values)).as_py())
    if inferred is Task.regression and kind is not Kind.number:
        raise UserError(
            f"dataset.task=regression: the target '{name}' is a {kind}, not a number.",
            "Set another dataset.task, or choose another target.",
        )
    if inferred.is_classification and kind is Kind.number and not whole:
        raise UserError(
            f"dataset.task={inferred}: the target '{name}' holds fractions.",
            f"Set dataset.task=regression, or {override('dataset.columns', 'category', name=name)}",
        )
    if (
        inferred.is_classification
        and kind is Kind.number
        and pc.max(pc.abs(values)).as_py() > EXACT
    ):
        raise UserError(
            f"dataset.task={inferred}: the target '{name}' holds whole numbers too large to be "
            "told apart as numbers.",
            f"Read them as they are written: {override('dataset.columns', 'category', name=name)}",
        )
    described = replace(column, integer=whole)
    return Target(column=described, task=inferred, classes=_classes(name, values, inferred))


def _classes(name: str, values: pa.Array, task: Task) -> tuple[str, ...]:
    distinct = distinct_values(values, task)
    if task is Task.regression:
        if len(distinct) < 2:
            raise UserError(
                f"dataset.target={name}: every value is {distinct[0]}.",
                "Choose a target whose values differ.",
            )
        return ()
    classes = class_names(distinct)
    _check_classes(name, classes, task)
    return tuple(classes)


def distinct_values(values: pa.Array, task: Task) -> pa.Array:
    """Return the different values of a target, or the different labels; whole ones as integers."""
    return class_values(values, task).unique()


def class_values(values: pa.Array, task: Task) -> pa.Array:
    """Return a target's values, or all labels of all rows; whole numbers as integers."""
    import pyarrow as pa

    found = plain(values.flatten() if task is Task.multilabel else values)
    if task.is_classification and pa.types.is_floating(found.type):
        found = found.cast(pa.int64())
    return found


def class_names(distinct: pa.Array) -> list[str]:
    """Return different values as the names of classes, in the values' own order."""
    import pyarrow.compute as pc

    names: list[str] = distinct.take(pc.array_sort_indices(distinct)).cast("string").to_pylist()
    return names


def _check_classes(name: str, classes: list[str], task: Task) -> None:
    if len(classes) < 2:
        raise UserError(
            f"dataset.target={name}: only one class, {listing(classes) or 'none'}; at least two "
            "are needed to learn from.",
            "Add rows of another class, or choose another target.",
        )
    if task is Task.binary and len(classes) > 2:
        raise UserError(
            f"dataset.task=binary: the target '{name}' has {len(classes)} classes: "
            f"{listing(classes)}.",
            "Set dataset.task=multiclass.",
        )


def stored(values: pa.Array, target: Target) -> pa.Array:
    """Return a target's values as splits hold them.

    Whole-number classes become integers, so that their text has no decimal point.
    """
    import pyarrow as pa

    if target.task.is_classification and pa.types.is_floating(values.type):
        return values.cast(pa.int64())
    return values


def strata(rows: pa.Table, targets: tuple[Target, ...]) -> np.ndarray | None:
    """Return by what to stratify: the first target that has classes.

    Returns:
        Class numbers, int64 [rows], or for labels 0 and 1, int8 [rows, labels]; None where no
        target has classes.
    """
    import numpy as np

    for target in targets:
        schema = Schema(columns=(), targets=(target,))
        if target.task.is_classification:
            return np.asarray(schema.codes(rows))
        if target.task is Task.multilabel:
            held = schema.indicators(rows)
            return np.asarray(held.flatten()).reshape(len(held), -1)
    return None
