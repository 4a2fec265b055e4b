"""Columns that number or name the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Action, Column, Kind
from mlfw.hints import override
from mlfw_tabular.checks.base import LeavesColumnsOut, Problem
from mlfw_tabular.checks.naming import UNIQUE, UNIQUE_CODES, differing_share
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.values import floats, plain, sample, taken

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LEAST_ROWS = 20
LEAST_CODES = 50
LEAST_KNOWN = 0.5
DENSE = 1.1
SPARSE = 10
GLANCE = 1000
KINDS = (Kind.number, Kind.category, Kind.text)


class Identifiers(LeavesColumnsOut[Rows]):
    """Columns that only name the rows.

    They are whole numbers in sequence, nearly without gaps or rising from row to row; or words
    that differ in at least 95 % of the rows and look like codes or names, whatever the blanks; or
    codes of letters and digits of which at least half differ. Measurements and texts are none,
    and neither is a column whose kind is named in `dataset.columns`.
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
            number = column.kind is Kind.number
            if _in_sequence(values) if number else _names_rows(column.kind, values):
                problems.append(identifier_problem(column))
        return problems


def identifier_problem(column: Column) -> Problem:
    """Return the problem that a column only names the rows."""
    numbers, words = "whole numbers in sequence, one a row", "words that only name the rows"
    message = numbers if column.kind is Kind.number else words
    keep = override("dataset.columns", column.kind.value, name=column.name)
    return Problem(message=message, column=column.name, undo=f"To keep it: {keep}")


def may_name_rows(kind: Kind, values: pa.Array) -> bool:
    """Tell by a sample whether a column may only name the rows: nearly every value differs."""
    import numpy as np

    if kind is not Kind.number:
        return _names_rows(kind, values)
    numbers = floats(values)
    numbers = numbers[np.isfinite(numbers)]
    return _whole(numbers) and len(np.unique(numbers)) >= UNIQUE * len(values)


def share_of(kind: Kind, values: pa.Array) -> float:
    """Return the share of values that differ where a column only names the rows."""
    found = None if kind is Kind.number else differing_share(kind, plain(values[:GLANCE]))
    return found or UNIQUE


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


def _names_rows(kind: Kind, values: pa.Array) -> bool:
    import pyarrow as pa

    known = len(values) - values.null_count
    if pa.types.is_dictionary(values.type) and len(values.dictionary) < UNIQUE_CODES * known:
        return False
    head = plain(values[:GLANCE]).drop_null()
    share = differing_share(kind, head)
    if share is None or known < LEAST_KNOWN * len(values):
        return False
    if len(head.unique()) < share * len(head):
        return False
    # A value that stands there twice is less likely to do so in a sample.
    some = taken(values, sample(len(values), 0)).drop_null()
    repeated = (1 - share) * len(some) / known
    distinct = len(plain(some).unique())
    enough = distinct >= (LEAST_CODES if share < UNIQUE else 2)
    return enough and distinct >= (1 - repeated) * len(some)
