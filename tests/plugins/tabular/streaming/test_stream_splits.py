"""Rows that are streamed are divided like any others: each into one split, by a stated rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import Kind, LoadContext, Split, StreamedSplits, Task, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.balance import Balance
from mlfw_tabular.parquet import Parquet

ROWS = 5000
SHARES = [0.5, 0.3, 0.1, 0.1]
START = datetime(2020, 1, 1)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    table = pa.table(
        {
            "number": np.arange(ROWS) / 7,
            "colour": random.choice(["red", "green", "blue"], ROWS),
            "customer": random.integers(0, 400, ROWS),
            "day": [
                datetime(2020, 1, 1) + timedelta(days=int(d)) for d in random.permutation(ROWS)
            ],
            "part": random.choice(["train", "val", "TEST"], ROWS, p=[0.6, 0.2, 0.2]),
            "y": pa.array(random.choice([0, 1, 7, None], ROWS, p=[0.5, 0.3, 0.1, 0.1])).cast(
                "int8"
            ),
        }
    )
    path = tmp_path_factory.mktemp("source") / "rows.parquet"
    pq.write_table(table, path, row_group_size=700)
    return path


def streamed(
    source: Path, folder: Path, split: Split | None = None, **options: object
) -> StreamedSplits:
    dataset = Parquet(path=str(source), target=["y"], stream=True, **options)  # type: ignore[arg-type]
    folder.mkdir(exist_ok=True)
    data = dataset.load(LoadContext(split=split or Split(), folder=folder))
    assert isinstance(data, StreamedSplits)
    return data


def column(data: StreamedSplits, split: str, name: str) -> list[object]:
    return [value for batch in data.batches(split, [name]) for value in batch[name].to_pylist()]


def test_every_row_with_a_target_stands_in_one_split(source: Path, tmp_path: Path) -> None:
    data = streamed(source, tmp_path)

    rows = sorted(n for split in SPLIT_NAMES for n in column(data, split, "number"))
    table = pq.read_table(source)
    assert rows == table.filter(table["y"].is_valid())["number"].to_pylist()
    for split, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
        assert data.count(split) / len(rows) == pytest.approx(share, abs=0.02)


def test_the_schema_is_that_of_all_rows(source: Path, tmp_path: Path) -> None:
    schema = streamed(source, tmp_path).schema

    assert schema.task is Task.multiclass
    assert schema.classes == ("0", "1", "7")
    assert schema.column("colour").kind is Kind.category
    assert schema.column("colour").categories == ("blue", "green", "red")
    assert schema.column("customer").integer
    assert not schema.column("number").integer


def test_the_same_seed_gives_the_same_split(source: Path, tmp_path: Path) -> None:
    first, second = (streamed(source, tmp_path / name) for name in "ab")

    assert column(first, "test", "number") == column(second, "test", "number")


def test_a_group_stands_in_one_split(source: Path, tmp_path: Path) -> None:
    data = streamed(source, tmp_path, Split(group="customer"))
    assert "customer" not in data.schema.names

    table = pq.read_table(source)
    customers = dict(
        zip(*(table[name].to_pylist() for name in ("number", "customer")), strict=True)
    )
    groups = [{customers[n] for n in column(data, split, "number")} for split in SPLIT_NAMES]
    assert sum(map(len, groups)) == len(set.union(*groups))


def test_the_oldest_rows_train_and_the_newest_test(source: Path, tmp_path: Path) -> None:
    data = streamed(source, tmp_path, Split(time="day"))

    days = [column(data, split, "day") for split in SPLIT_NAMES]
    assert max(days[0]) < min(days[1])  # type: ignore[type-var]
    assert max(days[1]) < min(days[2])  # type: ignore[type-var]
    assert data.count("test") / ROWS == pytest.approx(0.2 * 0.9, abs=0.02)


def test_a_column_can_say_where_rows_belong(source: Path, tmp_path: Path) -> None:
    data = streamed(source, tmp_path, Split(column="part"))

    assert "part" not in data.schema.names
    assert data.count("train") > data.count("test") > 700


def test_weights_balance_the_classes(source: Path, tmp_path: Path) -> None:
    schema = streamed(source, tmp_path, balance=Balance.weights).schema

    assert len(schema.only.weights) == 3
    assert schema.only.weights[2] > 2 * schema.only.weights[0]


@pytest.mark.parametrize(
    ("split", "options", "message"),
    [
        (Split(folds=3), {}, "split.folds: rows that are streamed"),
        (Split(), {"balance": Balance.oversample}, "dataset.balance=oversample"),
        (Split(group="customers"), {}, "no column 'customers'"),
        (Split(column="colour"), {}, "expected train, validation or test, found 'blue'"),
        (Split(time="colour"), {}, "split.time=colour: expected dates or numbers"),
        (Split(), {"columns": {"colour": Kind.number}}, "expected a number, found"),
    ],
)
def test_what_cannot_be_streamed_is_refused(
    split: Split, options: dict[str, object], message: str, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        streamed(source, tmp_path, split, **options)


def test_the_names_of_folders_are_columns_of_streamed_rows_too(tmp_path: Path) -> None:
    for place, year in enumerate(("2023", "2024", "__HIVE_DEFAULT_PARTITION__")):
        folder = tmp_path / "rows" / f"year={year}"
        folder.mkdir(parents=True)
        rows = {"n": np.arange(300) / 7 + 1000 * place, "y": np.arange(300) % 3}
        pq.write_table(pa.table(rows), folder / "part.parquet", row_group_size=90)

    data = streamed(tmp_path / "rows", tmp_path / "out")

    held = {
        (year, int(n) // 1000)
        for split in SPLIT_NAMES
        for year, n in zip(column(data, split, "year"), column(data, split, "n"), strict=True)
    }
    assert held == {(2023, 0), (2024, 1), (None, 2)}
