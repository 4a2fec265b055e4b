"""Rows that a source itself keeps apart for validation and testing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.components.splits import TEST, VALIDATION
from mlfw.errors import listing
from mlfw_tabular.reading import join
from mlfw_tabular.splitting import given_parts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def with_given(
    table: pa.Table, given: Mapping[str, pa.Table], place: str, drop: Collection[str] = ()
) -> tuple[pa.Table, np.ndarray | None]:
    """Put rows that are given apart behind the others.

    Args:
        table: The rows to be divided.
        given: The rows given as `validation` and `test`, if any.
        place: What the source is called in messages.
        drop: Columns whose values do not matter.

    Returns:
        All rows, and where each belongs as `given_parts` tells it; None where all are divided.

    Raises:
        UserError: The columns or their types differ.
    """
    if not given:
        return table, None
    parts = [table]
    counts = dict.fromkeys((VALIDATION, TEST), 0)
    for name in counts:
        if name not in given:
            continue
        apart = sorted({*table.column_names} ^ {*given[name].column_names})
        if apart:
            raise UserError(
                f"dataset.{name}: has other columns than {place}: {listing(apart)} are only in one "
                "of them.",
                "Give files of the same columns, or name the others in dataset.drop.",
            )
        parts.append(given[name].select(table.column_names))
        counts[name] = given[name].num_rows
    places = [place, *(f"dataset.{name}" for name in given)]
    whole, _ = join(parts, places, drop)
    return whole, given_parts(whole.num_rows, **counts)
