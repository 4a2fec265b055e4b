"""Classes that are too small, or much smaller than others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlfw import Action, Target, Task
from mlfw.errors import listing
from mlfw_tabular.checks.base import Check, Problem
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.values import codes, counted, plain

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LEAST_ROWS = 5
MOST_RATIO = 10
FEW_SHOWN = 5


class RareClasses(Check[Rows]):
    """Classes or labels of fewer than 5 rows, which are neither learnt nor measured."""

    name = "rare_classes"
    default = Action.warn
    mend = "leave their rows out"
    mended = "Their rows were left out."

    def find(self, data: Rows) -> list[Problem]:
        """Return the targets that have such classes."""
        import numpy as np

        problems = []
        for target in data.schema.targets:
            if target.task is Task.regression:
                continue
            rare = rare_classes(sizes_of(target, data))
            if rare:
                where = rows_of(rare, data.arrays[target.name])
                problems.append(rare_problem(target, rare, int(np.count_nonzero(where)), where))
        return problems

    def fix(self, data: Rows, problems: Sequence[Problem]) -> tuple[Rows, Sequence[Problem]]:
        """Leave the rows out, unless fewer than two classes would be left."""
        mended = []
        places = [problem.where for problem in problems]
        for i, problem in enumerate(problems):
            left = data.without_rows(places[i])
            targets = [with_classes_of(target, left) for target in data.schema.targets]
            if not left.count or any(
                len(target.classes) < 2 for target in targets if target.task is not Task.regression
            ):
                continue
            places = [where[~places[i]] for where in places]
            data = replace(left, schema=replace(left.schema, targets=tuple(targets)))
            mended.append(problem)
        return data, mended


class Imbalance(Check[Rows]):
    """A class with over ten times the rows of another, which a model may then never predict."""

    name = "imbalance"
    default = Action.warn
    mend = "weight the classes"
    mended = "Classes are weighted."

    def find(self, data: Rows) -> list[Problem]:
        """Return the first target with classes, which is the one that is balanced."""
        targets = [target for target in data.schema.targets if target.task.is_classification]
        if not targets or data.balanced or data.balance:
            return []
        return imbalance_problems(targets[0], sizes_of(targets[0], data))

    def fix(self, data: Rows, problems: Sequence[Problem]) -> tuple[Rows, Sequence[Problem]]:
        """Ask for class weights."""
        return replace(data, balance=True), problems


def rare_classes(sizes: Mapping[str, int]) -> list[str]:
    """Return the classes of too few rows."""
    return [name for name, size in sizes.items() if size < LEAST_ROWS]


def rare_problem(target: Target, rare: Sequence[str], rows: int, where: Any = None) -> Problem:
    """Return the problem that a target has rare classes of so many rows."""
    message = f"fewer than {LEAST_ROWS} rows of {listing(rare, FEW_SHOWN)}"
    return Problem(message=message, column=target.name, rows=rows, where=where)


def imbalance_problems(target: Target, sizes: Mapping[str, int]) -> list[Problem]:
    """Return the problem that classes differ much in size, if they do."""
    sizes = {name: size for name, size in sizes.items() if size}
    most, least = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
    if sizes[most] <= MOST_RATIO * sizes[least]:
        return []
    message = f"{counted(sizes[most], 'row')} of class '{most}' and {sizes[least]:,} of '{least}'"
    return [Problem(message=message, column=target.name, rows=sizes[least])]


def sizes_of(target: Target, data: Rows) -> dict[str, int]:
    """Return how many rows each class or label has."""
    import numpy as np
    import pyarrow as pa

    values = data.arrays[target.name]
    own, names = codes(words_of(values))
    sizes = np.bincount(own[own >= 0], minlength=len(names))
    return dict(zip(names.cast(pa.string()).to_pylist(), sizes.tolist(), strict=True))


def words_of(values: pa.Array) -> pa.Array:
    """Return a target's values, or all labels of all rows one after the other."""
    import pyarrow as pa

    return plain(values.flatten() if pa.types.is_list(values.type) else values)


def rows_of(names: Sequence[str], values: pa.Array) -> np.ndarray:
    """Return which rows are of some classes or have some labels, bool [rows]."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.is_in(words_of(values).cast(pa.string()), pa.array(names, pa.string()))
    if not pa.types.is_list(values.type):
        return np.asarray(found)
    where = np.zeros(len(values), bool)
    where[np.asarray(pc.list_parent_indices(values))[np.asarray(found)]] = True
    return where


def with_classes_of(target: Target, data: Rows) -> Target:
    """Return a target with the classes that rows have, in their order."""
    return (
        target if target.task is Task.regression else with_classes(target, sizes_of(target, data))
    )


def with_classes(target: Target, sizes: Mapping[str, int]) -> Target:
    """Return a target with the classes that have rows, in their order."""
    classes = tuple(name for name in target.classes if sizes.get(name))
    pair = target.task is Task.multiclass and len(classes) == 2
    return replace(target, classes=classes, task=Task.binary if pair else target.task)
