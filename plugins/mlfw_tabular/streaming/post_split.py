"""The checks of streamed rows that come when the rows are divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlfw import LoadContext, Schema
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.checks.base import Check, Problem
from mlfw_tabular.checks.constant import Constant, constant_problem
from mlfw_tabular.checks.drift import Drift
from mlfw_tabular.checks.duplicates import Duplicates, Overlap
from mlfw_tabular.checks.future_dates import FutureDates
from mlfw_tabular.checks.identifiers import Identifiers, identifier_problem
from mlfw_tabular.checks.missing_target import MissingTarget, lost_problems
from mlfw_tabular.checks.numbers import Infinities, Outliers, infinite_problem
from mlfw_tabular.checks.outcome import Outcome
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.unseen import Unseen
from mlfw_tabular.checks.unseen_classes import UnseenClasses
from mlfw_tabular.streaming.check_accumulator import CheckAccumulator

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def check_after(
    schema: Schema, noted: CheckAccumulator, outcome: Outcome, context: LoadContext
) -> Schema:
    """Check what was noted of all rows, and the sample of them.

    Args:
        schema: What the rows are, with what the training rows hold.
        noted: What was noted.
        outcome: What is done, and where findings are noted.
        context: How the rows were divided.

    Returns:
        The schema without the columns that are left out.

    Raises:
        UserError: A check is to end the run, or to mend what cannot be mended so.
    """
    _check_counts(schema, noted, outcome)
    sample, split = noted.sample()
    rows = replace(Rows.of(sample, schema), context=context)
    rows = _check_columns(rows, noted, outcome)
    _check_sample(Duplicates(), rows, noted, outcome)
    parts = _parts(rows, split)
    for check in (Overlap(), FutureDates(), Outliers(), Unseen(), UnseenClasses()):
        _check_sample(check, parts, noted, outcome)
    drift = Drift()
    if not outcome.looks(drift):
        return parts.schema
    problems = _told(drift.find(parts), noted)
    mended: Sequence[Problem] = ()
    if outcome.mends(drift, problems):
        parts, mended = drift.fix(parts, problems)
    outcome.note(drift, problems, mended)
    return parts.schema


def _check_counts(schema: Schema, noted: CheckAccumulator, outcome: Outcome) -> None:
    """Tell of rows without a target, and of infinite numbers: both are mended already."""
    targets = [target.name for target in schema.targets]
    lost = lost_problems(targets, noted.lost, noted.lost + noted.rows)
    infinite = [infinite_problem(name, found) for name, found in noted.infinite.items() if found]
    for check, problems in ((MissingTarget(), lost), (Infinities(), infinite)):
        if outcome.looks(check):
            outcome.note(check, problems, problems if outcome.mends(check, problems) else ())


def _check_columns(rows: Rows, noted: CheckAccumulator, outcome: Outcome) -> Rows:
    """Look for columns that are constant or name the rows, and leave them out if asked to."""
    constant = [constant_problem(name) for name, own in noted.stats.items() if own.is_constant()]
    known = {problem.column for problem in constant}
    naming = [
        identifier_problem(own.column)
        for name, own in noted.stats.items()
        if name not in known and own.names_rows()
    ]
    checks: list[tuple[Check[Rows], list[Problem]]] = [
        (Constant(), constant),
        (Identifiers(), naming),
    ]
    for check, problems in checks:
        mended: Sequence[Problem] = ()
        if outcome.looks(check) and outcome.mends(check, problems):
            rows, mended = check.fix(rows, problems)
        if outcome.looks(check):
            outcome.note(check, problems, mended)
    return rows


def _check_sample(check: Check[Any], data: Any, noted: CheckAccumulator, outcome: Outcome) -> None:
    """Look at the sample for what cannot be mended any more."""
    if outcome.looks(check):
        outcome.note_streamed(check, _told(check.find(data), noted))


def _told(problems: list[Problem], noted: CheckAccumulator) -> list[Problem]:
    """Return problems with the words that only a sample was looked at."""
    if noted.whole:
        return problems
    size = noted.sampled
    return [
        problem
        if "in a sample of" in problem.message
        else replace(problem, message=f"{problem.message} (in a sample of {size:,} rows)")
        for problem in problems
    ]


def _parts(rows: Rows, split: np.ndarray) -> Parts:
    """Return the sample's rows by the splits they belong to."""
    import pyarrow as pa

    arrays: dict[str, dict[str, pa.Array]] = {}
    for number, name in enumerate(SPLIT_NAMES):
        own = pa.array(split == number)
        arrays[name] = {column: values.filter(own) for column, values in rows.arrays.items()}
    return Parts(arrays=arrays, schema=rows.schema, context=rows.context)
