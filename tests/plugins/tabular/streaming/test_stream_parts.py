"""Streamed rows are divided part by part, the same whoever divides which part and when."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import Action, JobSetup, LoadContext, Split, StreamedSplits, UserError, Workers
from mlfw.components.splits import SPLIT_NAMES
from mlfw.jobs.local import LocalExecutor
from mlfw.plugins import load_plugins
from mlfw_tabular.checks.same_rows import lasting_hashes
from mlfw_tabular.csv import Csv
from mlfw_tabular.parquet import Parquet
from mlfw_tabular.streaming import passes
from mlfw_tabular.streaming.column_stats import ColumnStats
from mlfw_tabular.streaming.jobs import FUNCTIONS

ROWS = 3000
SPLITS = {
    "by chance": Split(),
    "by group": Split(group="who"),
    "by time": Split(time="day"),
    "by group and time": Split(group="who", time="day"),
    "by column": Split(column="part"),
}


def made(rows: int, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    return pa.table(
        {
            "row": np.arange(rows) + 10_000.5 * seed,
            "zone": random.choice(["20", "20.0", "2e1", "x", "7.50"], rows),
            "always": np.full(rows, 3.0),
            "name": [f"name {n}" for n in range(rows)],
            "size": np.where(random.random(rows) < 0.01, np.inf, random.normal(size=rows)),
            "who": random.integers(0, 200, rows),
            "day": random.random(rows),
            "part": random.choice(["train", "test"], rows),
            "y": random.choice(["u", "v", None], rows),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for number, name in enumerate(("a", "b", "c")):
        table = made(ROWS // 3, number)
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=300)
    return folder


def loaded(
    source: Path, out: Path, split: Split, workers: Workers | None = None
) -> tuple[Any, dict[str, Any]]:
    """Return the schema, the findings and the rows of each split."""
    out.mkdir()
    dataset = Parquet(
        path=[str(source)], target=["y"], stream=True, columns={"zone": "category"},
        checks={"infinities": Action.fix},
    )  # fmt: skip
    data = dataset.load(LoadContext(split=split, folder=out, seed=3, workers=workers))
    assert isinstance(data, StreamedSplits)
    assert sorted(each.name for each in out.iterdir()) == sorted(SPLIT_NAMES)
    return (data.schema.to_json(), data.findings), {name: rows(data, name) for name in SPLIT_NAMES}


def rows(data: StreamedSplits, split: str) -> Any:
    tables = [
        pa.table({name: _plain(batch[name]) for name in batch.column_names})
        for batch in data.batches(split)
    ]
    return pa.concat_tables(tables).to_pydict()


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values


@pytest.fixture(scope="module")
def two_workers() -> Iterator[Workers]:
    workers = LocalExecutor(workers=2).start(JobSetup(load_plugins().registry.job))
    yield workers
    workers.close()


@pytest.mark.parametrize(
    "name",
    [
        "by chance",
        "by time",
        "by group and time",
        pytest.param("by group", marks=pytest.mark.slow),
        pytest.param("by column", marks=pytest.mark.slow),
    ],
)
def test_parts_of_any_size_in_any_order_give_one_division(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = loaded(folder, tmp_path / "whole", SPLITS[name])

    class Backwards(Workers):
        def slots(self, resources: Any) -> int:
            return 1

        def map(self, jobs: Any, *_: Any) -> Any:
            from mlfw import JobResult

            ordered = list(jobs)
            assert len(ordered) > 4
            random.Random(1).shuffle(ordered)
            for job in ordered:
                yield JobResult(job, FUNCTIONS[job.name.removeprefix(passes.PREFIX)](job))

    monkeypatch.setattr("mlfw_tabular.parquet_source.BLOCK_ROWS", 600)
    monkeypatch.setattr("mlfw_tabular.parquet_source.ROWS_AT_ONCE", 130)
    parts = loaded(folder, tmp_path / "parts", SPLITS[name], Backwards())

    assert parts == whole


def test_two_processes_give_the_division_of_one(
    two_workers: Workers, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_tabular.parquet_source.BLOCK_ROWS", 600)
    split = SPLITS["by group and time"]
    alone = loaded(folder, tmp_path / "alone", split)

    assert loaded(folder, tmp_path / "shared", split, two_workers) == alone


def test_a_mistake_in_another_process_is_named_with_its_place(
    two_workers: Workers, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_tabular.parquet_source.BLOCK_ROWS", 600)
    with pytest.raises(UserError, match="expected train, validation or test, found 'name 0'"):
        loaded(folder, tmp_path / "out", Split(column="name"), two_workers)


def test_a_further_file_leaves_the_others_divided_as_they_were(
    folder: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    more.mkdir()
    for file in folder.iterdir():
        (more / file.name).write_bytes(file.read_bytes())
    pq.write_table(made(500, 9), more / "0.parquet")

    _, before = loaded(folder, tmp_path / "before", Split())
    _, after = loaded(more, tmp_path / "after", Split())

    for name in SPLIT_NAMES:
        assert [row for row in after[name]["row"] if row < 90_000] == before[name]["row"]


def test_another_seed_gives_another_division(folder: Path, tmp_path: Path) -> None:
    found = []
    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        dataset = Csv(path=[str(tmp_path / "rows.csv")], target=["y"], stream=True)
        lines = [f"{n / 7},{'uv'[n % 2]}\n" for n in range(1000)]
        (tmp_path / "rows.csv").write_text("n,y\n" + "".join(lines))
        data = dataset.load(LoadContext(folder=tmp_path / str(seed), seed=seed))
        assert isinstance(data, StreamedSplits)
        found.append(set(rows(data, "test")["n"]))

    assert 0.1 < len(found[0] & found[1]) / len(found[0]) < 0.4


def test_what_is_known_of_columns_is_joined_in_order() -> None:
    from mlfw import Column, Kind

    values = [3.0, 4.0, 7.0, 7.5, 9.0, 8.0]
    for end, column in ((5, "rising"), (6, "not rising")):
        one = ColumnStats(Column(name=column, kind=Kind.number), end)
        one.add(pa.array(values[:end]))
        joined = ColumnStats(Column(name=column, kind=Kind.number), end)
        for start in range(0, end, 2):
            part = ColumnStats(Column(name=column, kind=Kind.number), end)
            part.add(pa.array(values[start : min(start + 2, end)]))
            joined.join(part.to_json())
        assert joined.to_json() == one.to_json()
        assert not joined.is_constant()
    assert len(lasting_hashes([pa.array(values)])) == len(values)


def test_parts_of_one_value_each_are_constant_only_together() -> None:
    from mlfw import Column, Kind

    for words, constant in ((["a", "a"], True), (["a", "b"], False)):
        joined = ColumnStats(Column(name="c", kind=Kind.category), 4)
        for word in words:
            part = ColumnStats(Column(name="c", kind=Kind.category), 4)
            part.add(pa.array([word, word]))
            joined.join(part.to_json())
        assert joined.is_constant() is constant
