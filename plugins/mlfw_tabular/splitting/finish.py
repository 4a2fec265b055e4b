"""What is done last with divided rows: folds, balance, and leaving out what was divided by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Finding, Fold, LoadContext, Schema, Splits, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.balance import Balance, balance, balanced_codes, repeated_rows
from mlfw_tabular.splitting.folds import fold_rows, small_classes
from mlfw_tabular.splitting.keys import request_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def finished(splits: Splits, how: Balance, context: LoadContext) -> Splits:
    """Return splits as models take them.

    Folds are made of the training and validation rows as they are now: what the checks have
    left out is in no fold.

    Args:
        splits: Divided rows, still with the columns they were divided by.
        how: How training rows are balanced, in the split and in every fold.
        context: How rows are divided.

    Raises:
        UserError: There are too few rows for the folds, or no input is left.
    """
    import pyarrow as pa

    folds: tuple[Fold, ...] = ()
    found: tuple[Finding, ...] = ()
    if context.split.folds:
        both = pa.concat_tables([splits.train, splits.validation])
        own = replace(context, split=replace(context.split, column=None))
        request = request_of(both, splits.schema, own)
        folds, found = fold_rows(request), small_classes(request)
        if how is Balance.oversample:
            codes, rows = balanced_codes(both, splits.schema, how), splits.train.num_rows
            folds = _repeated(folds, codes, rows, context.seed)
    train, schema = balance(splits.train, splits.schema, how, context.seed)
    finding = (*splits.findings, *found)
    splits = splits.replace(train=train, schema=schema, folds=folds, findings=finding)
    return _without(splits, {context.split.group, context.split.column})


def _repeated(
    folds: tuple[Fold, ...], codes: np.ndarray, train: int, seed: int
) -> tuple[Fold, ...]:
    """Return folds whose training rows are balanced, for a table of repeated training rows.

    Args:
        folds: Folds of the rows as they were before training rows were repeated.
        codes: Class numbers of these, int64 [rows].
        train: How many of them are training rows.
        seed: What decided which rows are repeated.
    """
    import numpy as np

    rows = repeated_rows(codes[:train], seed)
    # Each training row stands there at least once; validation rows follow all of them.
    place = np.concatenate(
        [np.searchsorted(rows, np.arange(train)), len(rows) + np.arange(len(codes) - train)]
    )
    return tuple(
        Fold(
            train=place[fold.train[repeated_rows(codes[fold.train], seed)]],
            validation=place[fold.validation],
        )
        for fold in folds
    )


def _without(splits: Splits, names: set[str | None]) -> Splits:
    """Leave some columns out."""
    columns = tuple(column for column in splits.schema.columns if column.name not in names)
    if len(columns) == len(splits.schema.columns):
        return splits
    if not columns:
        raise UserError(
            "split: no column is left to predict from but those that rows are divided by.",
            "Choose other columns to divide by.",
        )
    schema = Schema(columns=columns, targets=splits.schema.targets)
    tables = {name: _kept(splits.rows(name), names) for name in SPLIT_NAMES}
    return splits.replace(schema=schema, **tables)


def _kept(table: pa.Table, names: set[str | None]) -> pa.Table:
    return table.select([name for name in table.column_names if name not in names])
