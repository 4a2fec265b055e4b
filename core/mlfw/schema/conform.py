"""Bringing a table of rows to what a schema says, or saying where it does not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw.errors import UserError
from mlfw.hints import override, printable
from mlfw.schema.cast import CastError, cast, storage_type
from mlfw.schema.kinds import Kind, Task
from mlfw.schema.labels import label_delimiter
from mlfw.schema.lenient import read_fitting
from mlfw.schema.names import find_columns
from mlfw.schema.number_spelling import known_array, match_spelling
from mlfw.schema.value_notes import MOST_SEARCHED, Problem, ValueNote, note, shown_value
from mlfw.schema.whole import whole
from mlfw.schema.words import is_string

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw.schema.schema import Column, Schema, Target

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
    table: pa.Table,
    schema: Schema,
    *,
    with_target: bool = False,
    place: str = "the data",
    notes: list[ValueNote] | None = None,
    piece: bool = False,
) -> pa.Table:
    """Return the schema's columns, in its order, each in its kind's storage type.

    Columns that the schema does not name are left out, whatever they hold. A category is brought
    to the spelling that training saw; see `mlfw.schema.number_spelling`.

    Args:
        table: Rows in any order of columns and any Arrow types.
        schema: What is expected.
        with_target: Whether the targets must be there too; they then come last.
        place: Where the rows come from, for messages.
        notes: Where given, a value that does not fit its column counts as missing, and what is
            odd about the values is added here: misfits, and categories that training never saw.
        piece: Whether there are more rows, of which some may fit where none does here.

    Returns:
        A table of the same rows.

    Raises:
        UserError: A column is missing or stands there twice, or a value does not fit its column;
            where notes are taken, no value of a column fits.
    """
    import pyarrow as pa

    wanted = [(column, column.categories) for column in schema.columns]
    if with_target:
        wanted += [(_as_read(target), target.classes) for target in schema.targets]
    found = find_columns(table.column_names, [column.name for column, _ in wanted], place)
    arrays = []
    for number, (column, known) in enumerate(wanted):
        values = whole(table.column(found[column.name]))
        if notes is None:
            typed = cast_values(values, column, place=place)
        else:
            typed = _read_noting(values, column, place, notes, piece=piece)
        if column.kind is Kind.category and known:
            typed = match_spelling(typed, known, text=_is_text(values.type))
            if notes is not None and number < len(schema.columns):
                _note_unseen(typed, column, notes)
        arrays.append(typed)
    return pa.table(arrays, names=[column.name for column, _ in wanted])


def _as_read(target: Target) -> Column:
    """Return a target's column with what stands between two labels, wherever these are text."""
    if target.task is not Task.multilabel:
        return target.column
    return replace(target.column, format=label_delimiter(target))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return is_string(kind.value_type if pa.types.is_dictionary(kind) else kind)


def _read_noting(
    values: pa.Array, column: Column, place: str, notes: list[ValueNote], *, piece: bool
) -> pa.Array:
    """Read the values that fit and note the others.

    Raises:
        UserError: None of several fits.
    """
    import numpy as np

    typed, misfit = read_fitting(values, column.kind, column.format, column.words_for_missing)
    if misfit is not None and misfit.any():
        total = len(typed) - typed.null_count + int(np.count_nonzero(misfit))
        found = note(column.name, Problem.misfit, expectation(column), values, misfit, total)
        may_be_later = column.kind is Kind.boolean and _has_number(values, found.rows)
        if found.alien and not piece and not may_be_later:
            raise alien_error(found, column, place)
        notes.append(found)
    return typed


def _has_number(values: pa.Array, rows: np.ndarray) -> bool:
    """Whether a misfit is a number, as a column of 0 and 1 may well hold later."""
    import numpy as np

    some = values.take(rows[:MOST_SEARCHED])
    numbers, misfit = read_fitting(some, Kind.number)
    return bool(misfit is None or not np.all(misfit)) and numbers.null_count < len(numbers)


def _note_unseen(typed: pa.DictionaryArray, column: Column, notes: list[ValueNote]) -> None:
    """Note the categories that training never saw."""
    import numpy as np
    import pyarrow.compute as pc

    new = pc.invert(pc.is_in(typed.dictionary, known_array(column.categories)))
    if not pc.any(new).as_py():
        return
    unseen = np.asarray(pc.fill_null(new.take(typed.indices), False))
    if unseen.any():
        total = len(typed) - typed.null_count
        known = column.categories
        notes.append(note(column.name, Problem.unseen, "", typed, unseen, total, known))


def cast_values(values: pa.Array, column: Column, *, place: str) -> pa.Array:
    """Return the values of a column in its kind's storage type.

    Raises:
        UserError: A value does not fit; the message names the column and the row, from 1.
    """
    try:
        return cast(values, column.kind, column.format, column.words_for_missing)
    except CastError as misfit:
        raise misfit_error(misfit, column, place) from None


def misfit_error(misfit: CastError, column: Column, place: str) -> UserError:
    """Return what to tell about a value that does not fit its column."""
    remedy = f"Correct the value or leave it empty; {_other_kind(column)}"
    if isinstance(misfit.value, str):
        remedy += f"; if it means a missing value, {override('dataset.missing', [misfit.value])}"
    return UserError(
        f"{place}: column '{printable(column.name)}', row {misfit.row + 1}: expected "
        f"{expectation(column)}, found {misfit.value!r}.",
        f"{remedy}.",
    )


def alien_error(found: ValueNote, column: Column, place: str) -> UserError:
    """Return what to tell about a column of which no value fits."""
    shown = ", ".join(shown_value(value) for _, value in found.examples)
    return UserError(
        f"{place}: column '{printable(column.name)}': expected {expectation(column)}, and none of "
        f"its {found.values:,} values is: {shown}.",
        "Check that it is the column that the model was trained on, or leave all its values "
        f"empty; {_other_kind(column)}.",
    )


def _other_kind(column: Column) -> str:
    typed = override("dataset.columns", "category", name=column.name)
    return (
        f"to read the column as another kind when training, set {typed} (or number, boolean, "
        "datetime, text)"
    )


def expectation(column: Column) -> str:
    """Return what is expected of a column's values, in words."""
    words = EXPECTATIONS[column.kind]
    if not column.format:
        return words
    if column.kind is Kind.labels:
        return f"labels, as a list or with '{column.format}' between them"
    return f"{words}, or written as {column.format}"


def empty_rows(schema: Schema, count: int = 0) -> pa.Table:
    """Return rows that conform to the schema and hold missing values only.

    Args:
        schema: The schema.
        count: How many rows.
    """
    import pyarrow as pa

    columns = {each.name: pa.nulls(count, storage_type(each.kind)) for each in schema.columns}
    return conform(pa.table(columns), schema)
