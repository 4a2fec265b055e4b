"""Reading, typing and dividing rows batch by batch."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from mlfw import LoadContext, StreamedSplits, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.balance import Balance
from mlfw_tabular.streaming.places import Places
from mlfw_tabular.streaming.rows import batches_of, typed
from mlfw_tabular.streaming.understand import understand
from mlfw_tabular.streaming.writer import SplitWriter

if TYPE_CHECKING:
    import pyarrow.dataset as ds

    from mlfw_tabular.table_dataset import TableDataset


def stream_splits(
    dataset: TableDataset, source: ds.Dataset, context: LoadContext
) -> StreamedSplits:
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
    schema = understand(dataset, source, context.split)
    places = Places(source, context.split, context.seed)
    folders = [context.folder / name for name in SPLIT_NAMES]
    done, total = 0, source.count_rows()
    with ExitStack() as stack:
        writers = [stack.enter_context(SplitWriter(folder, schema)) for folder in folders]
        for table in batches_of(source):
            rows, usable = typed(table, schema, place=dataset.place(), first=done)
            split = places.of(table)
            for number, writer in enumerate(writers):
                writer.write(rows.filter(usable & (split == number)))
            done += table.num_rows
            context.progress(done, total, "rows")
    for name, writer in zip(SPLIT_NAMES, writers, strict=True):
        if not writer.rows:
            raise UserError(
                f"split: {total} rows leave none for the {name} split.",
                "Give more rows, or change split.validation and split.test.",
            )
    schema = writers[0].described(balance=dataset.balance)
    files = {folder.name: tuple(sorted(folder.glob("*.parquet"))) for folder in folders}
    return StreamedSplits(files=files, schema=schema)


def _check(dataset: TableDataset, context: LoadContext) -> None:
    if context.split.folds:
        raise UserError(
            "split.folds: rows that are streamed cannot be divided into folds.",
            "Set split.folds=0, or dataset.stream=false.",
        )
    named = [key for key in ("group", "time", "column") if getattr(context.split, key)]
    if len(named) > 1:
        raise UserError(
            f"split.{named[0]} and split.{named[1]}: rows that are streamed are divided by one of "
            "them.",
            "Leave the other out, or set dataset.stream=false.",
        )
    if dataset.balance is Balance.oversample:
        raise UserError(
            "dataset.balance=oversample: rows that are streamed are not repeated.",
            "Set dataset.balance=weights.",
        )
