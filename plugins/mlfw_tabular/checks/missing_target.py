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
        names = [target.name for target in data.schema.targets]
        return lost_problems(names, data.lost, data.lost + data.count)

    def fix(self, data: Rows, problems: Sequence[Problem]) -> tuple[Rows, Sequence[Problem]]:
        """Change nothing: they are left out already."""
        return data, problems


def lost_problems(targets: Sequence[str], lost: int, total: int) -> list[Problem]:
    """Return the problem that so many of all rows have no target, if there are some."""
    if not lost:
        return []
    message = f"{counted(lost, 'row')} of {total:,} without a value in the target"
    return [Problem(message=message, column=targets[0] if len(targets) == 1 else "", rows=lost)]
