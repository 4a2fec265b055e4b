"""Reading a few rows whose values are plain: numbers, booleans, dates and known categories.

Arrow reads a million rows as fast as it can be done, and takes a millisecond for a single one. What
is read here is read exactly as `conform` does, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from mlfw.schema.kinds import Kind
from mlfw.schema.readers import FALSE_WORDS, TRUE_WORDS
from mlfw.schema.schema import Column, Schema
from mlfw.schema.words import missing_numbers

LARGEST = 1 << 53  # a larger whole number may not have a double of its own
ISO_WRITTEN = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{3}([0-9]{3})?)?)?"
)
EPOCH, ISO = datetime(1970, 1, 1), "%Y-%m-%d"
DAY_US = 86_400_000_000

BOOLEANS = dict.fromkeys(TRUE_WORDS, 1.0) | dict.fromkeys(FALSE_WORDS, 0.0)

Reader = Callable[[Any], float | str | None]


class NotPlainError(ValueError):
    """A value is not plain."""


@dataclass(frozen=True)
class PlainReader:
    """Reads rows of plain values.

    Attributes:
        schema: What the rows are.
    """

    schema: Schema

    def read(self, rows: Sequence[Mapping[Any, Any]]) -> dict[str, list[Any]] | None:
        """Return the values of each column, or None if one of them is not plain.

        Args:
            rows: Rows that all have every column of the schema.

        Returns:
            For each row a number, a boolean as 0.0 or 1.0, a date as days since 1970, a category
            as text; None for a missing value. Column names are the keys.
        """
        if self._readers is None:
            return None
        try:
            return {
                name: [None if (value := row[name]) is None else read(value) for row in rows]
                for name, read in self._readers.items()
            }
        except (NotPlainError, KeyError):
            return None

    @cached_property
    def _readers(self) -> dict[str, Reader] | None:
        """What reads each column; None where one of them never holds plain values."""
        readers = {column.name: _reader(column) for column in self.schema.columns}
        found = {name: read for name, read in readers.items() if read is not None}
        return found if len(found) == len(readers) else None


def _reader(column: Column) -> Reader | None:
    if column.kind is Kind.number:
        plain = not column.format and not missing_numbers(column.words_for_missing)
        return _number if plain else None
    if column.kind is Kind.boolean:
        return _boolean_reader(column)
    if column.kind is Kind.datetime:
        return _date_reader(column)
    return _category_reader(column) if column.kind is Kind.category else None


def _number(value: Any) -> float:
    kind = type(value)
    if kind is float and value - value == 0.0:  # neither NaN nor infinite
        return float(value)
    if kind is int and -LARGEST <= value <= LARGEST:
        return float(value)
    raise NotPlainError


def _boolean_reader(column: Column) -> Reader:
    missing = frozenset(column.words_for_missing)

    def read(value: Any) -> float:
        kind = type(value)
        if kind is bool:
            return float(value)
        known = BOOLEANS.get(value.lower()) if kind is str and value not in missing else None
        if known is None:
            raise NotPlainError
        return known

    return read


def _date_reader(column: Column) -> Reader:
    missing, iso = frozenset(column.words_for_missing), column.format in ("", ISO)

    def read(value: Any) -> float:
        kind = type(value)
        if kind is str:
            if not iso or value in missing or not ISO_WRITTEN.fullmatch(value):
                raise NotPlainError
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                raise NotPlainError from None
            kind = datetime
        if kind is datetime and value.tzinfo is None:
            past = value - EPOCH
            seconds = past.days * 86_400 + past.seconds
            return float((seconds * 1_000_000 + past.microseconds) / DAY_US)
        if kind is date:
            return float(value.toordinal() - EPOCH.toordinal())
        raise NotPlainError

    return read


def _category_reader(column: Column) -> Reader:
    known = frozenset(column.categories)

    def read(value: Any) -> str:
        if type(value) is str and value in known:
            return value
        raise NotPlainError

    return read
