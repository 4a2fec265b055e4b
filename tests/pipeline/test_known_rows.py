"""Rows that a model was trained on are counted, whatever they hold and wherever they lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlfw import Column, Kind, LoadContext, Schema, Splits, Task
from mlfw.pipeline.known_rows import known_rows
from mlfw.schema import conform
from mlfw_tabular.parquet import Parquet


def test_values_of_every_kind_and_missing_ones_are_compared() -> None:
    count = 300
    numbers = np.arange(count)
    rows = pa.table(
        {
            "number": pa.array(numbers % 50 / 7, mask=numbers % 9 == 0),
            "word": pa.array([f"w{i % 13}" if i % 5 else None for i in range(count)]),
            "date": pa.array(numbers).cast(pa.timestamp("us")),
            "image": pa.array([bytes([i % 250]) for i in range(count)]),
            "labels": pa.array([["a", "b"][: i % 3] for i in range(count)]),
        }
    )
    kinds = (Kind.number, Kind.category, Kind.datetime, Kind.image)
    columns = tuple(
        Column(name=n, kind=k) for n, k in zip(rows.column_names[:-1], kinds, strict=True)
    )
    target = Column(name="labels", kind=Kind.labels)
    schema = Schema.of(columns, target, Task.multilabel, ("a", "b"))
    splits = Splits(rows.slice(0, 180), rows.slice(180, 60), rows.slice(240), schema)

    assert known_rows(rows, splits) == 180
    assert known_rows(rows.slice(170, 20), splits) == 10
    assert known_rows(rows.slice(200, 20), splits) == 0


def test_streamed_training_rows_are_compared(tmp_path: Path) -> None:
    count = 900
    table = pa.table(
        {
            "x": np.random.default_rng(0).normal(0, 1, count),
            "word": [f"w{i % 7}" for i in range(count)],
            "y": [0 if i % 4 else 1 for i in range(count)],
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    (tmp_path / "data").mkdir()
    source = Parquet(path=[str(tmp_path / "rows.parquet")], target=["y"], stream=True)
    splits = source.load(LoadContext(folder=tmp_path / "data"))
    rows = conform(table, splits.schema, with_target=True)

    assert known_rows(rows, splits) == splits.count("train")
