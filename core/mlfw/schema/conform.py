"""Bringing a table of rows to what a schema says, or saying where it does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw.errors import UserError, listing
from mlfw.hints import override
from mlfw.schema.cast import CastError, cast
from mlfw.schema.kinds import Kind
from mlfw.schema.whole import whole

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.schema.schema import Column, Schema

EXPECTATIONS = {
    Kind.number: "a number",
    Kind.boolean: "true or false (also yes/no, y/n, 1/0)",
    Kind.datetime: "a date or time such as 2024-05-31 or 2024-05-31 14:30:00",
    Kind.category: "a plain value",
    Kind.text: "text",
    Kind.image: "the content of an image file",
    Kind.labels: "labels, as a list or with the delimiter between them",
}


def conform(
    table: pa.Table, schema: Schema, *, with_target: bool = False, place: str = "the data"
) -> pa.Table:
    """Return the schema's columns, in its order, each in its kind's storage type.

    Columns that the schema does not name are left out.

    Args:
        table: Rows in any order of columns and any Arrow types.
        schema: What is expected.
        with_target: Whether the targets must be there too; they then come last.
        place: Where the rows come from, for messages.

    Returns:
        A table of the same rows.

    Raises:
        UserError: A column is missing, or a value does not fit its column.
    """
    import pyarrow as pa

    wanted = (
        [*schema.columns, *(target.column for target in schema.targets)]
        if with_target
        else list(schema.columns)
    )
    # Looked up in a set: a table may have ten thousand columns.
    there = set(table.column_names)
    missing = [column.name for column in wanted if column.name not in there]
    if missing:
        raise UserError(
            f"{place}: missing column{'s' if len(missing) > 1 else ''} {listing(missing)}; "
            f"found {listing(table.column_names)}.",
            "Name the columns as in the training data, or leave their values empty.",
        )
    arrays = [cast_column(table, column, place=place) for column in wanted]
    return pa.table(arrays, names=[column.name for column in wanted])


def cast_column(table: pa.Table, column: Column, *, place: str) -> pa.Array:
    """Return one column of a table in its kind's storage type.

    Raises:
        UserError: A value does not fit; the message names the column and the row, from 1.
    """
    return cast_values(whole(table[column.name]), column, place=place)


def cast_values(values: pa.Array, column: Column, *, place: str) -> pa.Array:
    """Return the values of a column in its kind's storage type; see `cast_column`."""
    try:
        return cast(values, column.kind, column.format, column.words_for_missing)
    except CastError as misfit:
        raise misfit_error(misfit, column, place) from None


def misfit_error(misfit: CastError, column: Column, place: str) -> UserError:
    """Return what to tell about a value that does not fit its column."""
    kind = override("dataset.columns", "category", name=column.name)
    remedy = (
        "Correct the value or leave it empty; to read the column as another kind when training, "
        f"set {kind} (or number, boolean, datetime, text)"
    )
    if isinstance(misfit.value, str):
        remedy += f"; if it means a missing value, {override('dataset.missing', [misfit.value])}"
    return UserError(
        f"{place}: column '{column.name}', row {misfit.row + 1}: expected {expectation(column)}, "
        f"found {misfit.value!r}.",
        f"{remedy}.",
    )


def expectation(column: Column) -> str:
    """Return what is expected of a column's values, in words."""
    words = EXPECTATIONS[column.kind]
    if not column.format:
        return words
    if column.kind is Kind.labels:
        return f"labels, as a list or with '{column.format}' between them"
    return f"{words}, or written as {column.format}"
