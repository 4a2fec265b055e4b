"""Keeping the splits: as Parquet with their schema beside them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.components import Finding, RowSplits, Splits, StreamedSplits
from mlfw.components.splits import SPLIT_NAMES
from mlfw.files import read_json, write_json
from mlfw.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA, FINDINGS = "schema.json", "findings.json"


def save_splits(splits: RowSplits, folder: Path) -> None:
    """Write the splits into a folder.

    Args:
        splits: Streamed rows have to lie in `folder / SPLIT` already; rows in memory become one
            file a split.
        folder: Where to.
    """
    import pyarrow.parquet as pq

    splits.schema.save(folder / SCHEMA)
    write_json(folder / FINDINGS, [finding.to_json() for finding in splits.findings])
    if isinstance(splits, Splits):
        for name in SPLIT_NAMES:
            pq.write_table(splits.rows(name), folder / f"{name}.parquet", compression="lz4")


def load_splits(folder: Path, key: str = "") -> RowSplits:
    """Return what `save_splits` wrote; its rows are read when they are first used.

    Args:
        folder: Where it lies.
        key: What the rows follow from.
    """
    schema = Schema.load(folder / SCHEMA)
    findings = tuple(Finding(**data) for data in read_json(folder / FINDINGS))
    if (folder / SPLIT_NAMES[0]).is_dir():
        files = {name: tuple(sorted((folder / name).glob("*.parquet"))) for name in SPLIT_NAMES}
        return StreamedSplits(files=files, schema=schema, findings=findings, key=key)
    train, validation, test = (partial(_read, folder / f"{name}.parquet") for name in SPLIT_NAMES)
    return Splits(train, validation, test, schema, findings=findings, key=key)


def _read(file: Path) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(file)
