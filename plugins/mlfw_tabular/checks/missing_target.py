"""Rows that nothing can be learnt from."""

from __future__ import annotations

from collections.abc import Sequence

from mlfw import Action
from mlfw_tabular.checks.base import Check, Problem
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.values import counted


class MissingTarget(Check[Rows]):
    """Rows whose target is missing, or for regression not finite; `off` and `warn` leave them out.

    They are left out before the targets are looked at, and the check is told how many there were.
    """

    name = "missing_target"
    default = Action.fix
    mend = "leave them out"
    mended = "Left out."

    def find(self, data: Rows) -> list[Problem]:
        """Return the rows that were left out."""
        if not data.lost:
            return []
        names = [target.name for target in data.schema.targets]
        total = data.lost + data.count
        message = f"{counted(data.lost, 'row')} of {total:,} without a value in the target"
        column = names[0] if len(names) == 1 else ""
        return [Problem(message=message, column=column, rows=data.lost)]

    def fix(self, data: Rows, problems: Sequence[Problem]) -> tuple[Rows, Sequence[Problem]]:
        """Change nothing: they are left out already."""
        return data, problems
