"""Reading, typing and dividing rows batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from mlfw import Kind, LoadContext, StreamedSplits, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw.schema.number_spelling import Spellings
from mlfw_tabular.balance import Balance
from mlfw_tabular.checks.outcome import Outcome
from mlfw_tabular.memory import give_back
from mlfw_tabular.streaming.after import check_after
from mlfw_tabular.streaming.before import Before, check_before
from mlfw_tabular.streaming.places import Places
from mlfw_tabular.streaming.rows import typed
from mlfw_tabular.streaming.understand import understand
from mlfw_tabular.streaming.watch import Watch
from mlfw_tabular.streaming.writer import MOST_CATEGORIES, SplitWriter

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw_tabular.parquet_source import RowSource
    from mlfw_tabular.table_dataset import TableDataset


def stream_splits(dataset: TableDataset, source: RowSource, context: LoadContext) -> StreamedSplits:
    """Divide the rows of a source into Parquet files.

    Kinds are inferred from rows taken evenly from all of the source. Each row's split follows
    from its own random number, its group, its time or its column, so that the shares of splits
    and classes are met in expectation and not to the row.

    Args:
        dataset: What to take for columns and targets.
        source: The rows.
        context: How to divide them, and the folder to write to.

    Raises:
        UserError: A row does not fit what was inferred; or the division cannot be streamed.
    """
    assert context.folder is not None
    _check(dataset, context)
    outcome = Outcome(dataset.checks)
    known = understand(dataset, source, context.split)
    before = check_before(dataset, known, outcome, context)
    total, notes = source.rows, known.notes
    watch = Watch(
        before.schema, known.sample, outcome, context, chosen=dataset.columns, total=total
    )
    spellings = {
        column.name: Spellings(known.sample[column.name].combine_chunks(), MOST_CATEGORIES)
        for column in before.schema.columns
        if column.kind is Kind.category
    }
    del known  # its sample is large
    writers = [SplitWriter(context.folder / name, before.schema) for name in SPLIT_NAMES]
    with ExitStack() as stack:
        for writer in writers:
            stack.enter_context(writer)
        _divide(dataset, source, context, before, watch, spellings, writers)
    for name, writer in zip(SPLIT_NAMES, writers, strict=True):
        if not writer.rows:
            raise UserError(
                f"split: {total} rows leave none for the {name} split.",
                "Give more rows, or change split.validation and split.test.",
            )
    schema = writers[0].described(balance=before.balance)
    schema = check_after(schema, watch, outcome, context).with_left_out(source.names)
    give_back()
    files = {w.folder.name: tuple(sorted(w.folder.glob("*.parquet"))) for w in writers}
    return StreamedSplits(files=files, schema=schema, findings=(*notes, *outcome.findings))


def _divide(
    dataset: TableDataset,
    source: RowSource,
    context: LoadContext,
    before: Before,
    watch: Watch,
    spellings: Mapping[str, Spellings],
    writers: Sequence[SplitWriter],
) -> None:
    """Write every row where it belongs, and let the checks see it."""
    import numpy as np
    import pyarrow as pa

    places = Places(source, context.split, context.seed, before.schema)
    group = context.split.group
    done, total = 0, source.rows
    for table in source.batches():
        rows, usable = typed(table, before.schema, place=dataset.place(), first=done)
        rows = watch.mended(_joined(rows, spellings))
        if not usable.all():
            table = table.filter(pa.array(usable))
        done += len(usable)
        split = np.where(before.left(rows), places.of(table), -1)
        watch.lost += int((~usable).sum())
        watch.see(rows, split, table[group] if group else None)
        for number, writer in enumerate(writers):
            writer.write(rows.filter(split == number))
        context.progress(done, total, "rows")


def _joined(rows: pa.Table, spellings: Mapping[str, Spellings]) -> pa.Table:
    """Return rows in which one number is one category, however it is written."""
    for name, own in spellings.items():
        values = own.join(rows[name].combine_chunks())
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows


def _check(dataset: TableDataset, context: LoadContext) -> None:
    if context.split.folds:
        raise UserError(
            "split.folds: rows that are streamed cannot be divided into folds.",
            "Set split.folds=0, or dataset.stream=false.",
        )
    if dataset.balance is Balance.oversample:
        raise UserError(
            "dataset.balance=oversample: rows that are streamed are not repeated.",
            "Set dataset.balance=weights.",
        )
