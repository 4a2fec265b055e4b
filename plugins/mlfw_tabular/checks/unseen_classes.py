"""Classes that only validation or test rows have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Action, Task
from mlfw.components.splits import SPLIT_NAMES, TEST, TRAIN, VALIDATION
from mlfw.errors import listing
from mlfw_tabular.checks.base import Check, Problem
from mlfw_tabular.checks.classes import rows_of, words_of
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.values import counted

if TYPE_CHECKING:
    import numpy as np

FEW_SHOWN = 5


class UnseenClasses(Check[Parts]):
    """Classes in validation and test rows that no training row has: no model can predict them."""

    name = "unseen_classes"
    default = Action.warn
    mend = "leave their rows out"
    mended = "Their rows were left out."

    def find(self, data: Parts) -> list[Problem]:
        """Return the targets that have such classes; `where` is by split bool [rows]."""
        problems = []
        for target in data.schema.targets:
            if target.task is Task.regression:
                continue
            trained = set(_sizes(data, TRAIN, target.name))
            new: dict[str, int] = {}
            for split in (VALIDATION, TEST):
                for name, size in _sizes(data, split, target.name).items():
                    if name not in trained:
                        new[name] = new.get(name, 0) + size
            if new:
                problems.append(_problem(data, target.name, new))
        return problems

    def fix(self, data: Parts, problems: Sequence[Problem]) -> tuple[Parts, Sequence[Problem]]:
        """Leave the rows out, unless a split would have none left."""
        import pyarrow as pa

        for problem in problems:
            if any(rows.all() for rows in problem.where.values()):
                return data, ()
        arrays = dict(data.arrays)
        for split in (VALIDATION, TEST):
            lost = sum((problem.where[split] for problem in problems), start=False)
            left = pa.array(~lost)
            arrays[split] = {name: each.filter(left) for name, each in arrays[split].items()}
        if any(not len(next(iter(arrays[split].values()))) for split in SPLIT_NAMES):
            return data, ()
        return replace(data, arrays=arrays), problems


def _problem(data: Parts, target: str, new: Mapping[str, int]) -> Problem:
    where: dict[str, np.ndarray] = {
        split: rows_of(list(new), data.arrays[split][target]) for split in (VALIDATION, TEST)
    }
    shown = listing([f"'{name}' ({size:,})" for name, size in new.items()], FEW_SHOWN)
    rows = sum(int(own.sum()) for own in where.values())
    message = (
        f"{counted(rows, 'row')} of validation and test of {shown}, which no training row has: "
        "every prediction for them counts as wrong"
    )
    return Problem(message=message, column=target, rows=rows, where=where)


def _sizes(data: Parts, split: str, target: str) -> dict[str, int]:
    """Return how many rows of a split each class or label has."""
    import pyarrow as pa

    counts = words_of(data.arrays[split][target]).cast(pa.string()).value_counts()
    names, sizes = counts.field("values").to_pylist(), counts.field("counts").to_pylist()
    return {name: size for name, size in zip(names, sizes, strict=True) if name is not None}
