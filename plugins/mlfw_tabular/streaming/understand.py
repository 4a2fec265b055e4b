"""What the rows of a source are, without holding them all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlfw import Finding, Schema, Split, Target, Task
from mlfw.schema import conform
from mlfw_tabular.streaming.rows import sample_of
from mlfw_tabular.targets import class_names, class_values

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_tabular.parquet_source import RowSource
    from mlfw_tabular.table_dataset import TableDataset


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
    """Infer columns from a sample, and the targets' classes from all rows.

    Args:
        dataset: What to take for columns and targets.
        source: The rows.
        split: Its group and column are no inputs.

    Raises:
        UserError: No column or no target is left.
    """
    found = dataset.understood(sample_of(source))
    own = (split.group, split.column)
    targets, sizes = [], {}
    for target in found.schema.targets:
        whole, sizes[target.name] = _whole(target, source, dataset.place())
        targets.append(whole)
    columns = tuple(column for column in found.schema.columns if column.name not in own)
    schema = Schema(columns=columns, targets=tuple(targets))
    names = [*schema.names, *sizes]
    return Understood(schema, found.rows.select(names), sizes, found.notes)


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
