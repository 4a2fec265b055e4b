"""What the rows of a source are, without holding them all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlfw import Finding, Schema, Target, UserError
from mlfw.schema.number_spelling import shortest_spellings
from mlfw.schema.words import is_string
from mlfw_tabular.streaming.odd_rows import READ, words_to_look_for
from mlfw_tabular.streaming.packed import unpack
from mlfw_tabular.streaming.passes import Passes
from mlfw_tabular.streaming.rows import sample_of
from mlfw_tabular.streaming.writer import MOST_CATEGORIES
from mlfw_tabular.targets import class_names

if TYPE_CHECKING:
    import pyarrow as pa

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
        spellings: By column, how each number among its categories is written.
    """

    schema: Schema
    sample: pa.Table
    sizes: dict[str, dict[str, int]]
    notes: tuple[Finding, ...]
    spellings: dict[str, list[str]]


def understand(dataset: TableDataset, passes: Passes) -> Understood:
    """Infer columns from a sample and all rows that contradict it, and classes from all rows.

    Args:
        dataset: What to take for columns and targets.
        passes: Reads the rows.

    Raises:
        UserError: No column or no target is left.
    """
    source, split = passes.source, passes.context.split
    sample = sample_of(source)
    found = _settled(dataset, passes, sample)
    own = (split.group, split.column)
    columns = tuple(column for column in found.schema.columns if column.name not in own)
    schema = Schema(columns=columns, targets=found.schema.targets)
    targets, sizes, spellings = _counted(schema, passes, dataset.place())
    schema = Schema(columns=columns, targets=targets)
    names = [*schema.names, *sizes]
    notes = found.notes
    if sample.num_rows < source.rows:
        notes = tuple(
            replace(note, message=f"{note.message} (in a sample of {sample.num_rows:,} rows)")
            for note in notes
        )
    return Understood(schema, found.rows.select(names), sizes, notes, spellings)


def _settled(dataset: TableDataset, passes: Passes, sample: pa.Table) -> InferredTable:
    """Return what a sample tells, and what it tells with the rows that contradict it."""
    import pyarrow as pa

    try:
        found = dataset.understood(sample)
    except UserError as error:
        if sample.num_rows == passes.source.rows:
            raise
        where = f"in a sample of {sample.num_rows:,} rows taken evenly from all"
        raise UserError(f"{error.problem.rstrip('.')}, {where}.", error.remedy) from None
    for _ in range(MOST_LOOKS):
        odd = _odd_rows(found.schema, passes, sample)
        if odd is None:
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


def _odd_rows(schema: Schema, passes: Passes, sample: pa.Table) -> pa.Table | None:
    """Return the rows that contradict what a sample tells; None where there are none."""
    import pyarrow as pa

    columns = [*schema.columns, *(target.column for target in schema.targets)]
    words = words_to_look_for(sample, columns)
    looked_at = tuple(
        column
        for column in columns
        if (column.kind in READ or column.name in words)
        and is_string(passes.source.schema.field(column.name).type)
    )
    if not looked_at:
        return None
    arguments = {"columns": Schema(columns=looked_at, targets=()).to_json(), "words": words}
    found = [
        unpack(rows)
        for rows in passes.run("look", lambda _: arguments, doing="rows, kinds of columns")
        if rows
    ]
    return pa.concat_tables(found).slice(0, MOST_ODD) if found else None


def _counted(
    schema: Schema, passes: Passes, place: str
) -> tuple[tuple[Target, ...], dict[str, dict[str, int]], dict[str, list[str]]]:
    """Return the targets with the classes of all rows, how many rows these have, and spellings."""
    import pyarrow as pa

    arguments = {"schema": schema.to_json(), "place": place}
    counts: dict[str, list[pa.Table]] = {}
    words: dict[str, set[str]] = {}
    for found in passes.run("count", lambda _: arguments, doing="rows, classes"):
        for name, text in found["sizes"].items():
            counts.setdefault(name, []).append(unpack(text))
        for name, numbers in found["numbers"].items():
            words.setdefault(name, set()).update(numbers)
    targets, sizes = [], {target.name: dict[str, int]() for target in schema.targets}
    for target in schema.targets:
        if target.name not in counts:
            targets.append(target)
            continue
        table = pa.concat_tables(counts[target.name]).group_by("values")
        table = table.aggregate([("counts_sum", "sum")])
        values = table["values"].combine_chunks()
        names = values.cast(pa.string()).to_pylist()
        sizes[target.name] = dict(zip(names, table["counts_sum_sum"].to_pylist(), strict=True))
        targets.append(replace(target, classes=tuple(class_names(values))))
    return (
        tuple(targets),
        sizes,
        {name: shortest_spellings(found, MOST_CATEGORIES) for name, found in words.items()},
    )
