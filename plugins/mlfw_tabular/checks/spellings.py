"""Classes that are one class in several spellings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Action, Target, Task
from mlfw.errors import listing
from mlfw.schema.word_spelling import alike
from mlfw_tabular.checks.base import Check, Problem
from mlfw_tabular.checks.classes import sizes_of, with_classes_of, words_of
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.values import counted

if TYPE_CHECKING:
    import pyarrow as pa

FEW_SHOWN = 5


class Spellings(Check[Rows]):
    """Classes that differ in case, blanks, hyphens or a full stop alone: `yes` and `YES`."""

    name = "spellings"
    default = Action.warn
    mend = "read all as the most frequent spelling"
    mended = "Read as the most frequent spelling."

    def find(self, data: Rows) -> list[Problem]:
        """Return the classes with several spellings; `where` is the main one by the others."""
        return [
            problem
            for target in data.schema.targets
            if target.task is not Task.regression
            for problem in spelling_problems(target, sizes_of(target, data))
        ]

    def fix(self, data: Rows, problems: Sequence[Problem]) -> tuple[Rows, Sequence[Problem]]:
        """Replace the spellings, unless fewer than two classes would be left."""
        mended = []
        for problem in problems:
            arrays = {
                **data.arrays,
                problem.column: _respelt(data.arrays[problem.column], problem.where),
            }
            changed = replace(data, arrays=arrays)
            targets = tuple(with_classes_of(target, changed) for target in data.schema.targets)
            left = {target.name: len(target.classes) for target in targets}
            if left[problem.column] > 1:
                data = replace(changed, schema=replace(data.schema, targets=targets))
                mended.append(problem)
        return data, mended


def spelling_problems(target: Target, sizes: Mapping[str, int]) -> list[Problem]:
    """Return the classes of a target that have several spellings.

    Args:
        target: The target.
        sizes: How many rows each class has.
    """
    problems = []
    for group in alike(name for name in target.classes if sizes.get(name)):
        main, *others = sorted(group, key=lambda name: (-sizes[name], name))
        rows = sum(sizes[name] for name in others)
        shown = listing([f"'{name}' ({sizes[name]:,})" for name in others], FEW_SHOWN)
        message = (
            f"class '{main}' ({counted(sizes[main], 'row')}) is also written {shown}: "
            "classes of their own"
        )
        where = dict.fromkeys(others, main)
        problems.append(Problem(message=message, column=target.name, rows=rows, where=where))
    return problems


def _respelt(values: pa.Array, spellings: Mapping[str, str]) -> pa.Array:
    """Return a target's values with some words replaced."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = words_of(values)
    found = pc.index_in(words, pa.array(list(spellings), words.type))
    respelt = pc.coalesce(pa.array(list(spellings.values()), words.type).take(found), words)
    if not pa.types.is_list(values.type):
        return respelt
    return pa.ListArray.from_arrays(_offsets(values), respelt, mask=values.is_null())


def _offsets(values: pa.Array) -> pa.Array:
    """Return where each list begins among the flattened labels, int32 [rows + 1]."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = np.asarray(pc.fill_null(pc.list_value_length(values), 0))
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
