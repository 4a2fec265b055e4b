"""What the rows of a source are, without holding them all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlfw import Column, Finding, Schema, Split, Target, Task, UserError
from mlfw.schema import conform
from mlfw.schema.words import is_string
from mlfw_tabular.streaming.odd_rows import READ, odd_rows, words_to_look_for
from mlfw_tabular.streaming.rows import sample_of
from mlfw_tabular.targets import class_names, class_values

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_tabular.parquet_source import Block, RowSource
    from mlfw_tabular.table_dataset import TableDataset
    from mlfw_tabular.table_dataset import Understood as InferredTable

MOST_LOOKS, MOST_ODD = 4, 20_000


@dataclass(frozen=True)
class Understood:
    """What has been found out about the rows of a source.

    Attributes:
        schema: What their columns and targets are.
        sample: Some rows in storage types, taken evenly from all of the source.
        sizes: How many rows each class or label of each target has.
        notes: What a person should know of how values were read.
    """

    schema: Schema
    sample: pa.Table
    sizes: dict[str, dict[str, int]]
    notes: tuple[Finding, ...]


def understand(dataset: TableDataset, source: RowSource, split: Split) -> Understood:
    """Infer columns from a sample and all rows that contradict it, and classes from all rows.

    Args:
        dataset: What to take for columns and targets.
        source: The rows.
        split: Its group and column are no inputs.

    Raises:
        UserError: No column or no target is left.
    """
    sample = sample_of(source)
    found = _settled(dataset, source, sample)
    own = (split.group, split.column)
    targets, sizes = [], {}
    for target in found.schema.targets:
        whole, sizes[target.name] = _whole(target, source, dataset.place())
        targets.append(whole)
    columns = tuple(column for column in found.schema.columns if column.name not in own)
    schema = Schema(columns=columns, targets=tuple(targets))
    names = [*schema.names, *sizes]
    notes = found.notes
    if sample.num_rows < source.rows:
        notes = tuple(
            replace(note, message=f"{note.message} (in a sample of {sample.num_rows:,} rows)")
            for note in notes
        )
    return Understood(schema, found.rows.select(names), sizes, notes)


def _settled(dataset: TableDataset, source: RowSource, sample: pa.Table) -> InferredTable:
    """Return what a sample tells, and what it tells with the rows that contradict it."""
    import pyarrow as pa

    found = dataset.understood(sample)
    for _ in range(MOST_LOOKS):
        columns = [*found.schema.columns, *(target.column for target in found.schema.targets)]
        words = words_to_look_for(sample, columns)
        names = [c.name for c in columns if c.kind in READ or c.name in words]
        names = [name for name in names if is_string(source.schema.field(name).type)]
        odd = _odd_rows(source, [c for c in columns if c.name in names], words) if names else None
        if odd is None or not odd.num_rows:
            return found
        try:
            more = dataset.understood(pa.concat_tables([sample, odd]))
        except UserError:
            return found  # told with the row's number when the rows are divided
        settled = more.schema.columns == found.schema.columns
        found = more
        if settled:
            break
    return found


def _odd_rows(
    source: RowSource, columns: list[Column], words: dict[str, list[str]]
) -> pa.Table | None:
    import pyarrow as pa

    found: list[pa.Table] = []
    names = [column.name for column in columns]
    for block in source.blocks():
        first, chosen = 0, list[int]()
        for table in source.read(block, names):
            chosen += (first + odd_rows(table, columns, words)).tolist()
            first += table.num_rows
        if chosen:
            found.append(_taken(source, block, chosen))
    return pa.concat_tables(found).slice(0, MOST_ODD) if found else None


def _taken(source: RowSource, block: Block, chosen: list[int]) -> pa.Table:
    """Return some rows of a block, by their numbers in it, ascending."""
    import numpy as np
    import pyarrow as pa

    first, taken, numbers = 0, list[pa.Table](), np.asarray(chosen)
    for table in source.read(block):
        own = numbers[(numbers >= first) & (numbers < first + table.num_rows)] - first
        taken.append(table.take(pa.array(own)))
        first += table.num_rows
    return pa.concat_tables(taken)


def _whole(target: Target, source: RowSource, place: str) -> tuple[Target, dict[str, int]]:
    """Return a target with the classes of all rows, and how many rows each has."""
    import pyarrow as pa

    if target.task is Task.regression:
        return target, {}
    schema = Schema(columns=(), targets=(target,))
    found, sizes = [], Counter[str]()
    for batch in source.batches([target.name]):
        rows = conform(batch, schema, with_target=True, place=place)
        values = rows[target.name].combine_chunks().drop_null()
        counts = class_values(values, target.task).value_counts()
        found.append(counts.field("values"))
        names = counts.field("values").cast(pa.string()).to_pylist()
        sizes.update(dict(zip(names, counts.field("counts").to_pylist(), strict=True)))
    distinct = pa.chunked_array(found).combine_chunks().unique()
    return replace(target, classes=tuple(class_names(distinct))), dict(sizes)
