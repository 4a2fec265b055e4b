"""Columns that give the target away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Action, Kind
from mlfw.errors import listing
from mlfw_tabular.checks.base import LeavesColumnsOut, Problem
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.single_column import Guess, binned, guess_of
from mlfw_tabular.checks.values import sample, sampled, taken

if TYPE_CHECKING:
    import numpy as np

LEAST_ROWS = 50
KINDS = (Kind.number, Kind.category, Kind.boolean, Kind.datetime)


class Leaks(LeavesColumnsOut[Rows]):
    """Columns that alone predict the target nearly perfectly.

    Rows are put into bins by the column, and the target of a fifth of the rows is predicted from
    the others in the same bin: the most frequent class, or the mean rank of a number. Such a
    column is often a copy of the target, or is known only after it.
    """

    name = "leaks"
    default = Action.warn

    def find(self, data: Rows) -> list[Problem]:
        """Return the columns."""
        if data.count < LEAST_ROWS:
            return []
        rows = sample(data.count, data.context.seed)
        guesses = [
            (target.name, guess)
            for target in data.schema.targets
            if (guess := guess_of(target, taken(data.arrays[target.name], rows)))
        ]
        if not guesses:
            return []
        problems = []
        for column, values in data.of_kind(*KINDS):
            given = _given_away(binned(column.kind, taken(values, rows)), guesses)
            if given:
                message = f"alone predicts {given} nearly perfectly{sampled(data.count)}"
                advice = "Drop it if it is not known yet when predicting."
                problems.append(Problem(message=message, column=column.name, advice=advice))
        return problems


def _given_away(bins: np.ndarray, guesses: list[tuple[str, Guess]]) -> str:
    return listing(name for name, guess in guesses if guess.is_perfect(bins))
