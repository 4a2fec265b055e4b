"""Turning a column of any Arrow type into the type that its kind is stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw.schema.kinds import Kind
from mlfw.schema.readers import FALSE_WORDS, TRUE_WORDS, MisfitError, read, storage_type
from mlfw.schema.words import MISSING_WORDS, without_missing_words

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FALSE_WORDS",
    "MISSING_WORDS",
    "TRUE_WORDS",
    "CastError",
    "cast",
    "read_or_none",
    "storage_type",
    "without_missing_words",
]


class CastError(ValueError):
    """A value does not fit its column's kind.

    Attributes:
        row: The row's index from 0.
        value: What stands there.
    """

    def __init__(self, row: int, value: object) -> None:
        super().__init__(f"row {row}: {value!r}")
        self.row = row
        self.value = value


def cast(
    values: pa.Array, kind: Kind, written: str = "", missing: tuple[str, ...] = MISSING_WORDS
) -> pa.Array:
    """Return the column in its kind's storage type.

    Numbers become float64, booleans bool, dates microseconds without a zone (UTC), categories
    dictionaries of strings, text strings, images the bytes of their files, labels lists of
    strings. In strings, surrounding blanks are dropped and the words for a missing value ('', NA,
    NaN, null, ?, ... where no others are given) become nulls. A NaN is a missing value.

    Args:
        values: A column, [rows].
        kind: What it is to hold.
        written: How a value is written as text, where that is not the kind's usual way; see
            `mlfw.schema.formats`. What is written in the usual way is read beside it.
        missing: The words that mean a missing value. One that is a number, such as -999, means so
            in a column of numbers too.

    Raises:
        CastError: A value does not fit; carries its row and the value.
    """
    typed = read_or_none(values, kind, written, missing)
    if typed is not None:
        return typed
    row = _first_misfit(values, kind, written, missing)
    raise CastError(row, values[row].as_py())


def read_or_none(
    values: pa.Array, kind: Kind, written: str = "", missing: tuple[str, ...] = MISSING_WORDS
) -> pa.Array | None:
    """Return the column in its kind's storage type, or None where a value does not fit."""
    import pyarrow as pa

    try:
        return read(values, kind, written, missing)
    except (MisfitError, pa.ArrowException):
        return None


def _first_misfit(values: pa.Array, kind: Kind, written: str, missing: tuple[str, ...]) -> int:
    """Return the first row that does not fit, halving what it stands in at every step."""
    start, end = 0, len(values)
    while end - start > 1:
        middle = (start + end) // 2
        if read_or_none(values[start:middle], kind, written, missing) is None:
            end = middle
        else:
            start = middle
    return start
