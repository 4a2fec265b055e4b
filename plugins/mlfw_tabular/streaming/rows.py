"""Rows of a source, batch by batch, in storage types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlfw import Schema, UserError
from mlfw.schema import conform
from mlfw_tabular.targets import plain, stored, usable_rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.dataset as ds

BATCH_ROWS = 65_536
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

    # One file is read ahead and not sixteen, so that memory stays flat.
    options = {"batch_size": BATCH_ROWS, "batch_readahead": 2, "fragment_readahead": 1}
    try:
        for batch in source.to_batches(columns=columns, **options):
            yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"dataset.path: not whole Parquet files: {str(error).splitlines()[0]}",
            "Write the file again.",
        ) from None


def sample_of(source: ds.Dataset) -> pa.Table:
    """Return the first rows of row groups that lie evenly in a source."""
    import numpy as np
    import pyarrow as pa

    groups = [
        group for fragment in source.get_fragments() for group in fragment.split_by_row_group()
    ]
    chosen = np.unique(np.linspace(0, len(groups) - 1, SAMPLE_PIECES).astype(int))
    heads = [groups[i].scanner(schema=source.schema).head(SAMPLE_ROWS) for i in chosen.tolist()]
    return pa.concat_tables(heads).combine_chunks()


def typed(
    table: pa.Table, schema: Schema, *, place: str, first: int
) -> tuple[pa.Table, np.ndarray]:
    """Return rows in storage types, and which of them have every target, bool [rows].

    Args:
        table: Rows as they are in the source.
        schema: What they are.
        place: Where they come from, for messages.
        first: How many rows came before, for messages.

    Raises:
        UserError: A value does not fit its column, or a target is none of the classes.
    """
    import numpy as np

    rows = conform(table, schema, with_target=True, place=f"{place}, after row {first}")
    usable = np.ones(rows.num_rows, bool)
    for target in schema.targets:
        values = plain(rows[target.name].combine_chunks())
        usable &= np.asarray(usable_rows(values, target.column.kind))
        index = rows.column_names.index(target.name)
        rows = rows.set_column(index, target.name, stored(values, target))
    return rows, usable
