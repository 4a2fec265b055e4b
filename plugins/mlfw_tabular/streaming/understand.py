"""What the rows of a source are, without holding them all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Schema, Split, Target, Task
from mlfw.schema import conform
from mlfw_tabular.streaming.rows import batches_of, sample_of
from mlfw_tabular.targets import class_names, distinct_values

if TYPE_CHECKING:
    import pyarrow.dataset as ds

    from mlfw_tabular.table_dataset import TableDataset


def understand(dataset: TableDataset, source: ds.Dataset, split: Split) -> Schema:
    """Infer columns from a sample, and the targets' classes from all rows.

    Args:
        dataset: What to take for columns and targets.
        source: The rows.
        split: Its group and column are no inputs.

    Raises:
        UserError: No column or no target is left.
    """
    schema = dataset.understood(sample_of(source)).schema
    own = (split.group, split.column)
    return Schema(
        columns=tuple(column for column in schema.columns if column.name not in own),
        targets=tuple(_whole(target, source, dataset.place()) for target in schema.targets),
    )


def _whole(target: Target, source: ds.Dataset, place: str) -> Target:
    """Return a target with the classes of all rows."""
    import pyarrow as pa

    if target.task is Task.regression:
        return target
    schema = Schema(columns=(), targets=(target,))
    found = []
    for batch in batches_of(source, [target.name]):
        rows = conform(batch, schema, with_target=True, place=place)
        values = rows[target.name].combine_chunks().drop_null()
        found.append(distinct_values(values, target.task))
    distinct = pa.chunked_array(found).combine_chunks().unique()
    return replace(target, classes=tuple(class_names(distinct)))
