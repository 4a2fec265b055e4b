"""Keeping the splits: as Arrow files with their schema and their folds beside them.

Rows lie in an Arrow file as they do in memory: it is mapped rather than read, which takes next to
no time, and processes that use the same rows share the memory.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.components import Finding, Fold, RowSplits, Splits, StreamedSplits
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import SPLIT_NAMES
from mlfw.errors import UserError
from mlfw.files import read_json, write_json
from mlfw.pipeline.written import Written
from mlfw.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 4
SCHEMA, FINDINGS, FOLDS = "schema.json", "findings.json", "folds.parquet"


def save_splits(splits: RowSplits, folder: Path, progress: Progress = silent) -> None:
    """Write the splits into a folder.

    Args:
        splits: Streamed rows have to lie in `folder / SPLIT` already; rows in memory become one
            file a split.
        folder: Where to.
        progress: Whom to tell how much is written.
    """
    splits.schema.save(folder / SCHEMA)
    write_json(folder / FINDINGS, [finding.to_json() for finding in splits.findings])
    if isinstance(splits, Splits):
        tables = {folder / f"{name}.arrow": splits.rows(name) for name in SPLIT_NAMES}
        told = Written(sum(table.nbytes for table in tables.values()), progress)
        for file, table in tables.items():
            _write(table, file, told)
        if splits.folds:
            _write_folds(splits.folds, folder / FOLDS)


def load_splits(folder: Path, key: str = "") -> RowSplits:
    """Return what `save_splits` wrote; its rows are read when they are first used.

    Args:
        folder: Where it lies.
        key: What the rows follow from.

    Raises:
        UserError: The folder is not there any more, or not whole.
    """
    streamed = (folder / SPLIT_NAMES[0]).is_dir()
    needed = [SCHEMA, FINDINGS, *(name if streamed else f"{name}.arrow" for name in SPLIT_NAMES)]
    if not all((folder / name).exists() for name in needed):
        raise UserError(
            f"{folder}: the prepared data are not there.",
            "Type the run's command again, which prepares them again; to measure other rows, name "
            "their file.",
        )
    schema = Schema.load(folder / SCHEMA)
    findings = tuple(Finding(**data) for data in read_json(folder / FINDINGS))
    if streamed:
        files = {name: tuple(sorted((folder / name).glob("*.parquet"))) for name in SPLIT_NAMES}
        return StreamedSplits(files=files, schema=schema, findings=findings, key=key)
    train, validation, test = (partial(_read, folder / f"{name}.arrow") for name in SPLIT_NAMES)
    folds = partial(_read_folds, folder / FOLDS) if (folder / FOLDS).exists() else ()
    return Splits(train, validation, test, schema, findings=findings, key=key, folds=folds)


def _write(table: pa.Table, file: Path, told: Written) -> None:
    import pyarrow as pa

    options = pa.ipc.IpcWriteOptions(unify_dictionaries=True)
    with (
        told.open(file) as out,
        pa.ipc.new_file(out, table.schema, options=options) as writer,
    ):
        writer.write_table(table)


def _read(file: Path) -> pa.Table:
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()


def _write_folds(folds: tuple[Fold, ...], file: Path) -> None:
    """Write one row a fold. Ascending numbers are kept as their differences, small ones."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = pa.large_list(pa.int64())
    columns = {
        "train": pa.array([fold.train for fold in folds], kind),
        "validation": pa.array([fold.validation for fold in folds], kind),
    }
    encoding = {f"{name}.list.element": "DELTA_BINARY_PACKED" for name in columns}
    pq.write_table(
        pa.table(columns), file, row_group_size=1, use_dictionary=False, column_encoding=encoding
    )


def _read_folds(file: Path) -> tuple[Fold, ...]:
    import numpy as np
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    pairs = zip(table["train"], table["validation"], strict=True)
    return tuple(Fold(np.asarray(train.values), np.asarray(own.values)) for train, own in pairs)
