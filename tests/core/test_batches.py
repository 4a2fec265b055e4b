"""Batches of rows are bounded in rows and in bytes, in memory and from files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import Column, Kind, Schema, Splits, StreamedSplits, Target, Task
from mlfw.components.splits import BYTES_AT_ONCE, FEW_ROWS, ROWS_AT_ONCE, pieces

SCHEMA = Schema(
    columns=(Column(name="x", kind=Kind.text),),
    targets=(Target(column=Column(name="y", kind=Kind.number), task=Task.regression),),
)


def table(rows: int, size: int) -> pa.Table:
    content = pa.array([f"{row:08}".ljust(size, ".") for row in range(rows)])
    return pa.table({"x": content, "y": pa.array(range(rows), pa.float64())})


@pytest.mark.parametrize(
    ("rows", "size", "most"),
    [
        (200_000, 8, ROWS_AT_ONCE),
        (4_000, 20_000, BYTES_AT_ONCE // 20_000),
        (600, 200_000, FEW_ROWS),
    ],
)
def test_a_batch_is_bounded_in_memory_and_from_a_file(
    rows: int, size: int, most: int, tmp_path: Path
) -> None:
    whole = table(rows, size)
    pq.write_table(whole, tmp_path / "rows.parquet", use_dictionary=False)
    none = whole.slice(0, 0)
    files = {"train": (tmp_path / "rows.parquet",), "validation": (), "test": ()}
    for data in (
        Splits(whole, none, none, SCHEMA),
        StreamedSplits(files=files, schema=SCHEMA),
    ):
        batches = list(data.batches("train"))

        assert most * 0.9 <= batches[0].num_rows <= most
        assert pa.concat_tables(batches)["y"].to_pylist() == list(range(rows))


def test_no_rows_are_one_batch() -> None:
    assert [piece.num_rows for piece in pieces(table(0, 1))] == [0]
