"""Rows of a source, batch by batch, in storage types."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from mlfw import Schema
from mlfw.schema import conform
from mlfw_tabular.targets import plain, stored, usable_rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_tabular.parquet_source import RowSource

SAMPLE_PIECES, SAMPLE_ROWS = 32, 8192


def sample_of(source: RowSource) -> pa.Table:
    """Return the first rows of row groups that lie evenly in a source."""
    import numpy as np
    import pyarrow as pa

    groups = [
        replace(block, group=block.group + number, rows=(rows,))
        for block in source.blocks()
        for number, rows in enumerate(block.rows)
    ]
    chosen = np.unique(np.linspace(0, len(groups) - 1, SAMPLE_PIECES).astype(int))
    heads: list[pa.Table] = []
    for place in chosen.tolist():
        heads += islice(source.read(groups[place], rows=SAMPLE_ROWS), 1)
    return pa.concat_tables(heads).combine_chunks()


def usable(rows: pa.Table, schema: Schema, *, place: str) -> np.ndarray:
    """Return which rows of a source have every target, bool [rows]."""
    own = conform(rows, replace(schema, columns=()), with_target=True, place=place)
    return _usable(own, schema)


def _usable(targets: pa.Table, schema: Schema) -> np.ndarray:
    import numpy as np

    usable = np.ones(targets.num_rows, bool)
    for target in schema.targets:
        values = plain(targets[target.name].combine_chunks())
        usable &= np.asarray(usable_rows(values, target.column.kind))
    return usable


def typed(
    table: pa.Table, schema: Schema, *, place: str, first: int
) -> tuple[pa.Table, np.ndarray]:
    """Return the rows that have every target, in storage types, and which they are, bool [rows].

    A row without a target may hold anything, such as the averages of a report.

    Args:
        table: Rows as they are in the source.
        schema: What they are.
        place: Where they come from, for messages.
        first: How many rows came before, for messages.

    Raises:
        UserError: A value does not fit its column, or a target is none of the classes.
    """
    import pyarrow as pa

    place = f"{place}, after row {first}"
    own = conform(table, replace(schema, columns=()), with_target=True, place=place)
    usable = _usable(own, schema)
    if not usable.all():
        left = pa.array(usable)
        table, own = table.filter(left), own.filter(left)
    rows = conform(table, replace(schema, targets=()), place=place)
    for target in schema.targets:
        values = plain(own[target.name].combine_chunks())
        rows = rows.append_column(target.name, stored(values, target))
    return rows, usable
