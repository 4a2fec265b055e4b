"""A large file is read in parts, and its rows are those of the whole file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import UserError
from mlfw_tabular import csv as csv_module
from mlfw_tabular import parquet as parquet_module
from mlfw_tabular.csv import Csv
from mlfw_tabular.parquet import Parquet


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_module, "PARTS_BLOCK", 2_000)
    monkeypatch.setattr(csv_module, "LEAST_BYTES_FOR_PARTS", 1_000)
    monkeypatch.setattr(parquet_module, "BATCH_ROWS", 100)


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.parquet"])
def test_parts_hold_the_rows_of_the_file(name: str, tmp_path: Path) -> None:
    rows = pa.table({"a": range(1_000), "b": [f'line "one",\nline {n}' for n in range(1_000)]})
    component = Parquet() if name.endswith(".parquet") else Csv()
    component.write(rows, tmp_path / name)

    parts = list(component.batches(tmp_path / name))

    assert len(parts) > 3
    assert pa.concat_tables(parts).equals(component.read(tmp_path / name).combine_chunks())


def test_a_file_without_rows_is_one_empty_part(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.float64())}), tmp_path / "rows.parquet")

    (part,) = Parquet().batches(tmp_path / "rows.parquet")

    assert (part.num_rows, part.column_names) == (0, ["a"])


def test_what_is_wrong_with_a_later_part_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n" + "1,2\n" * 2_000 + "1,2,3\n")

    with pytest.raises(UserError, match=r"rows\.csv"):
        list(Csv().batches(path))
