"""Going through all checks, and doing about what they find what was asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlfw import Action, Finding, LoadContext, Schema, Splits, UserError
from mlfw.components.dataset import Progress
from mlfw.errors import did_you_mean
from mlfw_tabular.checks.base import Check, Data, Problem
from mlfw_tabular.checks.classes import Imbalance, RareClasses
from mlfw_tabular.checks.constant import Constant
from mlfw_tabular.checks.drift import Drift
from mlfw_tabular.checks.duplicates import Duplicates, Overlap
from mlfw_tabular.checks.future_dates import FutureDates
from mlfw_tabular.checks.identifiers import Identifiers
from mlfw_tabular.checks.leaks import Leaks
from mlfw_tabular.checks.missing_target import MissingTarget
from mlfw_tabular.checks.mixed_types import MixedTypes
from mlfw_tabular.checks.numbers import Infinities, Outliers
from mlfw_tabular.checks.outcome import ALL, KEY, Outcome
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.spellings import Spellings
from mlfw_tabular.checks.unseen import Unseen
from mlfw_tabular.checks.unseen_classes import UnseenClasses

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


# What changes values comes before what compares them, columns that are left out before rows that
# are the same without them.
ROW_CHECKS: tuple[type[Check[Rows]], ...] = (
    MissingTarget,
    MixedTypes,
    Infinities,
    Constant,
    Identifiers,
    Spellings,
    Duplicates,
    RareClasses,
    Imbalance,
    Leaks,
)
SPLIT_CHECKS: tuple[type[Check[Parts]], ...] = (
    Overlap,
    FutureDates,
    Outliers,
    Drift,
    Unseen,
    UnseenClasses,
)
CHECKS: dict[str, type[Check[Rows]] | type[Check[Parts]]] = {
    **{check.name: check for check in ROW_CHECKS},
    **{check.name: check for check in SPLIT_CHECKS},
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Rows after the checks that come before they are divided.

    Attributes:
        table: The rows that are left, with the columns that are left.
        schema: What they are.
        kept: Which rows of those given these are, int64 [rows].
        findings: What the checks have found.
        balance: Whether classes are to be weighted.
    """

    table: pa.Table
    schema: Schema
    kept: np.ndarray
    findings: tuple[Finding, ...]
    balance: bool


def validate(actions: Mapping[str, Action]) -> None:
    """Check that actions are asked of checks that there are.

    Raises:
        UserError: They are not.
    """
    for name in actions:
        if name not in (*CHECKS, ALL):
            raise UserError(
                f"{KEY}.{name}: there is no check '{name}'.", did_you_mean(name, [*CHECKS, ALL])
            )


def check_rows(
    table: pa.Table,
    schema: Schema,
    actions: Mapping[str, Action],
    context: LoadContext,
    *,
    lost: int = 0,
    chosen: Collection[str] = (),
    balanced: bool = False,
) -> Checked:
    """Check rows before they are divided.

    Args:
        table: Rows with their targets in storage types, none of these missing.
        schema: What they are.
        actions: What to do, by a check's name or `all`.
        context: How the rows will be divided; columns that this needs are let be.
        lost: How many rows were left out already for want of a target.
        chosen: Columns whose kind the user has named.
        balanced: Whether the user has chosen how to balance classes.

    Raises:
        UserError: A check whose action is `fail` has found something.
    """
    rows = replace(
        Rows.of(table, schema),
        context=context,
        lost=lost,
        chosen=frozenset(chosen),
        balanced=balanced,
    )
    rows, findings = _go_through(ROW_CHECKS, rows, actions, context.progress)
    return Checked(
        table=rows.table(),
        schema=rows.schema,
        kept=rows.kept,
        findings=findings,
        balance=rows.balance,
    )


def check_splits(splits: Splits, actions: Mapping[str, Action], context: LoadContext) -> Splits:
    """Check divided rows.

    Args:
        splits: The rows, their schema and what was found before.
        actions: What to do, by a check's name or `all`.
        context: How the rows were divided.

    Raises:
        UserError: A check whose action is `fail` has found something.
    """
    parts = Parts.of(splits, context)
    parts, findings = _go_through(SPLIT_CHECKS, parts, actions, context.progress)
    findings = (*splits.findings, *findings)
    return splits.replace(**parts.tables(), schema=parts.schema, findings=findings)


def _go_through(
    checks: tuple[type[Check[Data]], ...],
    data: Data,
    actions: Mapping[str, Action],
    progress: Progress,
) -> tuple[Data, tuple[Finding, ...]]:
    validate(actions)
    outcome = Outcome(actions)
    for number, kind in enumerate(checks):
        check = kind()
        progress(number, len(checks), f"checks, {check.name}")
        if not outcome.looks(check):
            continue
        problems = check.find(data)
        mended: Collection[Problem] = ()
        if outcome.mends(check, problems):
            data, mended = check.fix(data, problems)
        outcome.note(check, problems, mended)
    progress(len(checks), len(checks), "checks")
    return data, tuple(outcome.findings)
