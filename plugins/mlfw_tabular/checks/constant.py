"""Columns that hold one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Action, Kind
from mlfw_tabular.checks.base import LeavesColumnsOut, Problem
from mlfw_tabular.checks.rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

GLANCE = 100
KINDS = (Kind.number, Kind.category, Kind.boolean, Kind.datetime, Kind.text)


class Constant(LeavesColumnsOut[Rows]):
    """Columns that hold the same value in every row."""

    name = "constant"
    default = Action.fix

    def find(self, data: Rows) -> list[Problem]:
        """Return the columns."""
        if data.count < 2:
            return []
        return [
            constant_problem(column.name)
            for column, values in data.of_kind(*KINDS)
            if _is_constant(values[:GLANCE]) and _is_constant(values)
        ]


def constant_problem(column: str) -> Problem:
    """Return the problem that a column holds one value."""
    return Problem(message="the same value in every row", column=column)


def _is_constant(values: pa.Array) -> bool:
    import pyarrow.compute as pc

    if values.null_count:
        return bool(values.null_count == len(values))
    return bool(pc.all(pc.equal(values, values[0])).as_py())
