"""The checks of streamed rows that come before the rows are divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlfw import LoadContext, Schema
from mlfw_tabular.balance import Balance
from mlfw_tabular.checks.base import Problem
from mlfw_tabular.checks.classes import (
    Imbalance,
    RareClasses,
    imbalance_problems,
    rare_classes,
    rare_problem,
    rows_of,
    with_classes,
)
from mlfw_tabular.checks.leaks import Leaks
from mlfw_tabular.checks.mixed_types import MixedTypes
from mlfw_tabular.checks.outcome import Outcome
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.spellings import Spellings, spelling_problems
from mlfw_tabular.positive import with_positive

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_tabular.streaming.understand import Understood
    from mlfw_tabular.table_dataset import TableDataset


@dataclass(frozen=True, kw_only=True)
class PreSplit:
    """What follows from the checks before rows are divided.

    Attributes:
        schema: What the rows are, without the columns and classes that are left out.
        balance: How classes are balanced.
        rare: By target, classes whose rows are left out.
    """

    schema: Schema
    balance: Balance
    rare: Mapping[str, list[str]]


@dataclass(frozen=True)
class LeftOutClasses:
    """Classes whose rows are left out, by target."""

    classes: Mapping[str, list[str]]

    def left(self, rows: pa.Table) -> np.ndarray:
        """Return which rows are of no class that is left out, bool [rows]."""
        import numpy as np

        left = np.ones(rows.num_rows, bool)
        for name, classes in self.classes.items():
            values = rows[name].combine_chunks()
            left &= ~rows_of(classes, values)
        return left


def check_before(
    dataset: TableDataset, known: Understood, outcome: Outcome, context: LoadContext
) -> PreSplit:
    """Check what the classes' sizes in all rows and a sample of the rows tell.

    Args:
        dataset: What was asked for.
        known: What has been found out about the rows.
        outcome: What is done, and where findings are noted.
        context: How the rows will be divided.

    Raises:
        UserError: A check is to end the run, or to mend what cannot be mended so.
    """
    spellings = Spellings()
    if outcome.looks(spellings):
        outcome.note_streamed(spellings, _spellings(known))
    schema, rare = _without_rare_classes(known, outcome)
    balance = dataset.balance
    if _weighs(schema, known.sizes, balance, outcome):
        balance = Balance.weights
    rows = replace(
        Rows.of(known.sample, schema), context=context, chosen=frozenset(dataset.columns)
    )
    mixed, leaks = MixedTypes(), Leaks()
    if outcome.looks(mixed):
        outcome.note_streamed(mixed, mixed.find(rows))
    if outcome.looks(leaks):
        problems = leaks.find(rows)
        if outcome.mends(leaks, problems):
            rows, mended = leaks.fix(rows, problems)
            outcome.note(leaks, problems, mended)
        else:
            outcome.note(leaks, problems)
    final = with_positive(rows.schema, dataset.positive, known.sizes)
    return PreSplit(schema=final, balance=balance, rare=rare)


def _spellings(known: Understood) -> list[Problem]:
    return [
        problem
        for target in known.schema.targets
        for problem in spelling_problems(target, known.sizes[target.name])
    ]


def _without_rare_classes(
    known: Understood, outcome: Outcome
) -> tuple[Schema, dict[str, list[str]]]:
    check, targets, left_out = RareClasses(), list(known.schema.targets), dict[str, list[str]]()
    for place, target in enumerate(targets):
        sizes = known.sizes[target.name]
        rare = rare_classes(sizes)
        if not rare or not outcome.looks(check):
            continue
        problem = rare_problem(target, rare, sum(sizes[name] for name in rare))
        left = with_classes(target, {name: n for name, n in sizes.items() if name not in rare})
        mends = outcome.mends(check, [problem]) and len(left.classes) > 1
        if mends:
            left_out[target.name], targets[place] = rare, left
        outcome.note(check, [problem], [problem] if mends else [])
    return replace(known.schema, targets=tuple(targets)), left_out


def _weighs(
    schema: Schema, sizes: Mapping[str, Mapping[str, int]], balance: Balance, outcome: Outcome
) -> bool:
    """Tell whether classes are to be weighed because some are much smaller than others."""
    check = Imbalance()
    target = next((t for t in schema.targets if t.task.is_classification), None)
    if target is None or balance is not Balance.none or not outcome.looks(check):
        return False
    left = {name: sizes[target.name].get(name, 0) for name in target.classes}
    problems = imbalance_problems(target, left)
    mends = outcome.mends(check, problems)
    outcome.note(check, problems, problems if mends else [])
    return mends
