"""Rows that are streamed can be divided by several columns at once, as rows in memory are."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Action, LoadContext, Split, StreamedSplits, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.parquet import Parquet

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


def divided(table: pa.Table, folder: Path, split: Split) -> dict[str, list[int]]:
    """Return which rows of a table stand in which split."""
    table = table.append_column("row", pa.array(np.arange(table.num_rows)))
    table = table.append_column("y", pa.array(np.arange(table.num_rows) % 2))
    path = folder / "rows.parquet"
    pq.write_table(table, path, row_group_size=500)
    dataset = Parquet(path=str(path), target=["y"], stream=True, checks={"all": Action.off})  # type: ignore[arg-type]
    data = dataset.load(LoadContext(split=split, folder=folder))
    assert isinstance(data, StreamedSplits)
    return {
        name: [int(row) for batch in data.batches(name, ["row"]) for row in batch["row"].to_numpy()]
        for name in SPLIT_NAMES
    }


def values(table: pa.Table, column: str, rows: list[int]) -> list[object]:
    return table[column].take(pa.array(rows)).to_pylist()


@settings(max_examples=25, deadline=None)
@given(
    groups=st.lists(st.integers(0, 30), min_size=40, max_size=200),
    seed=st.integers(0, 1000),
    by_time=st.booleans(),
)
def test_a_group_never_stands_in_two_splits(groups: list[int], seed: int, by_time: bool) -> None:
    random = np.random.default_rng(seed)
    table = pa.table({"who": [*groups, *range(30)], "day": random.random(len(groups) + 30)})
    split = Split(group="who", time="day" if by_time else None)
    with tempfile.TemporaryDirectory() as name:
        parts = divided(table, Path(name), split)

    held = [set(values(table, "who", rows)) for rows in parts.values()]
    assert sum(map(len, held)) == len(set.union(*held)) == len({*groups, *range(30)})


def test_groups_are_ordered_by_their_last_time(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    who = random.integers(0, 300, 6000)
    table = pa.table({"who": who, "day": who * 10 + random.integers(0, 50, 6000)})
    last = {g: int(np.max(np.asarray(table["day"])[who == g])) for g in set(who.tolist())}

    parts = divided(table, tmp_path, Split(group="who", time="day"))

    times = [[last[g] for g in set(values(table, "who", rows))] for rows in parts.values()]  # type: ignore[index]
    assert max(times[0]) < min(times[1])
    assert max(times[1]) < min(times[2])
    for name, rows in parts.items():
        assert len(rows) / 6000 == pytest.approx(SHARES[name], abs=0.02)


@pytest.mark.parametrize("key", ["time", "group", None])
def test_a_split_that_the_column_does_not_name_is_taken_from_training(
    key: str | None, tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    part = np.where(random.random(5000) < 0.3, "test", "train")
    table = pa.table({"part": part, "day": random.random(5000), "who": np.arange(5000) // 4})
    who = np.where(part == "test", -1, np.asarray(table["who"]))
    table = table.set_column(2, "who", pa.array(who))
    options = {"time": {"time": "day"}, "group": {"group": "who"}, None: {}}[key]

    parts = divided(table, tmp_path, Split(column="part", **options))

    assert parts["test"] == np.flatnonzero(part == "test").tolist()
    share = len(parts["validation"]) / (5000 - len(parts["test"]))
    assert share == pytest.approx(0.2, abs=0.03)
    if key == "time":
        days = [values(table, "day", parts[name]) for name in ("train", "validation")]
        assert max(days[0]) < min(days[1])  # type: ignore[type-var]


def test_equal_times_stay_together(tmp_path: Path) -> None:
    table = pa.table({"day": np.arange(3000) % 7, "size": np.arange(3000) / 7})

    parts = divided(table, tmp_path, Split(time="day"))

    days = [set(values(table, "day", rows)) for rows in parts.values()]
    assert sum(map(len, days)) == len(set.union(*days)) == 7


@pytest.mark.parametrize(
    ("columns", "split", "message"),
    [
        (
            {"who": ["a", "b"] * 50, "part": ["train"] * 99 + ["test"]},
            Split(group="who", column="part"),
            "rows of the group 'b' into the train and the test split",
        ),
        (
            {"day": [1, 2] * 50, "size": list(range(100))},
            Split(time="day"),
            "split.time=day: 2 different times cannot be divided into 3 splits",
        ),
        (
            {"day": list(range(100)), "part": ["train", "test", "validation", "train"] * 25},
            Split(time="day", column="part"),
            "the data say for each row where it belongs already",
        ),
        (
            {"who": ["a", None] * 50, "size": list(range(100))},
            Split(group="who"),
            "split.group=who: 50 rows have no group",
        ),
        (
            {"part": ["train", None] * 50, "size": list(range(100))},
            Split(column="part"),
            "expected train, validation or test, found no value",
        ),
    ],
)
def test_what_cannot_be_divided_by_is_refused(
    columns: dict[str, list[object]], split: Split, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        divided(pa.table(columns), tmp_path, split)
