"""Columns that number or name the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Action, Column, Kind
from mlfw_tabular.checks.base import LeavesColumnsOut, Problem
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.values import floats, plain, sample, taken

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LEAST_ROWS = 20
UNIQUE = 0.95
DENSE = 1.1
SPARSE = 10
GLANCE = 1000
KINDS = (Kind.number, Kind.category, Kind.text)


class Identifiers(LeavesColumnsOut[Rows]):
    """Columns that only name the rows.

    They differ in at least 95 % of the rows and are words without blanks, or whole numbers in
    sequence: nearly without gaps, or rising from row to row. A column whose kind is named in
    `dataset.columns` is no identifier.
    """

    name = "identifiers"
    default = Action.fix

    def find(self, data: Rows) -> list[Problem]:
        """Return the columns."""
        if data.count < LEAST_ROWS:
            return []
        problems = []
        for column, values in data.of_kind(*KINDS):
            if column.name in data.chosen:
                continue
            named = _in_sequence(values) if column.kind is Kind.number else _names_rows(values)
            if named:
                problems.append(identifier_problem(column))
        return problems


def identifier_problem(column: Column) -> Problem:
    """Return the problem that a column only names the rows."""
    numbers, words = "whole numbers in sequence, one a row", "another word in nearly every row"
    return Problem(message=numbers if column.kind is Kind.number else words, column=column.name)


def may_name_rows(kind: Kind, values: pa.Array) -> bool:
    """Tell by a sample whether a column may only name the rows: nearly every value differs."""
    import numpy as np

    if kind is not Kind.number:
        return _names_rows(values)
    numbers = floats(values)
    numbers = numbers[np.isfinite(numbers)]
    return _whole(numbers) and len(np.unique(numbers)) >= UNIQUE * len(values)


def _in_sequence(values: pa.Array) -> bool:
    import numpy as np

    head = floats(values[:GLANCE])
    if not _whole(head[np.isfinite(head)]):
        return False
    numbers = floats(values)
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) < UNIQUE * len(values) or not _whole(numbers):
        return False
    span = float(numbers.max() - numbers.min()) + 1
    if span <= DENSE * len(values):
        return _distinct(numbers, int(span)) >= UNIQUE * len(values)
    steps = np.diff(numbers)
    rising = max(np.count_nonzero(steps > 0), np.count_nonzero(steps < 0))
    return bool(span <= SPARSE * len(values) and rising >= len(numbers) - 1)


def _whole(numbers: np.ndarray) -> bool:
    import numpy as np

    return bool(np.all(numbers == np.floor(numbers)))


def _distinct(numbers: np.ndarray, span: int) -> int:
    import numpy as np

    seen = np.zeros(span, bool)
    seen[(numbers - numbers.min()).astype(np.int64)] = True
    return int(seen.sum())


def _names_rows(values: pa.Array) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type) and len(values.dictionary) < UNIQUE * len(values):
        return False
    head = plain(values[:GLANCE])
    if len(head.drop_null().unique()) < UNIQUE * len(head):
        return False
    if pc.any(pc.match_substring_regex(head, r"\s")).as_py():
        return False
    some = taken(values, sample(len(values), 0))
    # A value that stands there twice is less likely to do so in a sample.
    repeated = (1 - UNIQUE) * len(some) / len(values)
    return bool(len(some.drop_null().unique()) >= (1 - repeated) * len(some))
