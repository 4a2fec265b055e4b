"""Keeping the splits in the run directory."""

from __future__ import annotations

from pathlib import Path

from mlfw.components import Splits
from mlfw.files import new_folder
from mlfw.schema import Schema

NAMES = ("train", "validation", "test")


def save_splits(splits: Splits, folder: Path) -> None:
    """Write the splits as Parquet with their schema beside them, whole or not at all."""
    import pyarrow.parquet as pq

    with new_folder(folder) as temporary:
        splits.schema.save(temporary / "schema.json")
        for name in NAMES:
            pq.write_table(getattr(splits, name), temporary / f"{name}.parquet")


def load_splits(folder: Path) -> Splits:
    """Read what `save_splits` wrote."""
    import pyarrow.parquet as pq

    tables = {name: pq.read_table(folder / f"{name}.parquet") for name in NAMES}
    return Splits(**tables, schema=Schema.load(folder / "schema.json"))
