"""Rows of a source, batch by batch, in storage types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from mlfw import Schema, UserError
from mlfw.components.splits import BUFFER_BYTES, ROWS_AT_ONCE
from mlfw.schema import conform
from mlfw_tabular.targets import plain, stored, usable_rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.dataset as ds

SAMPLE_PIECES, SAMPLE_ROWS = 32, 8192


def batches_of(source: ds.Dataset, columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Yield a source's rows in order, in tables of bounded size.

    Args:
        source: The rows.
        columns: Only these columns.

    Raises:
        UserError: A file is damaged.
    """
    import pyarrow as pa

    names = source.schema.names if columns is None else columns
    try:
        for fragment in source.get_fragments():
            yield from _read(fragment, source.schema, names, ROWS_AT_ONCE)
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"dataset.path: not whole Parquet files: {str(error).splitlines()[0]}",
            "Write the file again.",
        ) from None


def _read(
    fragment: ds.ParquetFileFragment,
    schema: pa.Schema,
    names: list[str],
    rows: int,
    groups: list[int] | None = None,
) -> Iterator[pa.Table]:
    """Yield a file's rows: by its reader, since a scanner takes ten times the memory.

    Args:
        fragment: The file.
        schema: The types of the source's columns.
        names: Which columns are read.
        rows: How many rows a table has at most.
        groups: Which row groups are read; None for all.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    parts = ds.get_partition_keys(fragment.partition_expression)
    with pq.ParquetFile(fragment.path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
        inside = [name for name in names if name in file.schema_arrow.names]
        for batch in file.iter_batches(rows, row_groups=groups, columns=inside):
            columns = {
                name: batch[name].cast(schema.field(name).type)
                if name in inside
                else pa.repeat(pa.scalar(parts.get(name), schema.field(name).type), batch.num_rows)
                for name in names
            }
            yield pa.table(columns)


def sample_of(source: ds.Dataset) -> pa.Table:
    """Return the first rows of row groups that lie evenly in a source."""
    import numpy as np
    import pyarrow as pa

    groups = [
        (fragment, number)
        for fragment in source.get_fragments()
        for number in range(fragment.metadata.num_row_groups)
    ]
    chosen = np.unique(np.linspace(0, len(groups) - 1, SAMPLE_PIECES).astype(int))
    heads: list[pa.Table] = []
    for fragment, number in (groups[place] for place in chosen.tolist()):
        rows = _read(fragment, source.schema, source.schema.names, SAMPLE_ROWS, [number])
        heads += islice(rows, 1)
    return pa.concat_tables(heads).combine_chunks()


def with_targets(table: pa.Table, schema: Schema, *, place: str) -> pa.Table:
    """Return the rows of a source that have every target, as they are there."""
    import pyarrow as pa

    own = conform(table, replace(schema, columns=()), with_target=True, place=place)
    usable = _usable(own, schema)
    return table if usable.all() else table.filter(pa.array(usable))


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
