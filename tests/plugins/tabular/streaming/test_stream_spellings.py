"""One number is one category in rows that are streamed too, in whichever batches it stands."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import Action, LoadContext, RowSplits, Split, StreamedSplits
from mlfw.components.splits import SPLIT_NAMES
from mlfw.schema.number_spelling import Spellings
from mlfw_tabular.parquet import Parquet

WRITTEN = {
    "20": ["20", "20.0", "2e1", "+20"],
    "-.5": ["-.5", "-0.5", "-0.50"],
    "7": ["7", "7.0"],
    "007": ["007"],
    "A": ["A"],
}


def loaded(folder: Path, words: list[str | None], *, stream: bool) -> RowSplits:
    """Return rows of which each batch has other spellings."""
    (folder / "data").mkdir(parents=True)
    numbers = range(len(words))
    table = pa.table({"zone": words, "row": numbers, "y": [n % 2 for n in numbers]})
    pq.write_table(table, folder / "rows.parquet", row_group_size=100)
    dataset = Parquet(
        path=str(folder / "rows.parquet"), target=["y"], columns={"zone": "category"},
        checks={"all": Action.off}, stream=stream,
    )  # type: ignore[arg-type]  # fmt: skip
    return dataset.load(LoadContext(split=Split(), folder=folder / "data" if stream else None))


def held(data: RowSplits) -> dict[int, str | None]:
    return {
        row: word
        for split in SPLIT_NAMES
        for batch in data.batches(split, ["row", "zone"])
        for row, word in zip(
            batch["row"].to_pylist(), batch["zone"].cast(pa.string()).to_pylist(), strict=True
        )
    }


def test_a_number_is_one_category_however_its_batches_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlfw_tabular.parquet_source.ROWS_AT_ONCE", 100)
    chance = random.Random(0)
    meant = [chance.choice([*WRITTEN, None]) for _ in range(2000)]
    words = [None if m is None else chance.choice(WRITTEN[m][n // 100 % 4 :] or [WRITTEN[m][0]])
             for n, m in enumerate(meant)]  # fmt: skip

    streamed = loaded(tmp_path / "streamed", words, stream=True)
    whole = loaded(tmp_path / "whole", words, stream=False)

    assert isinstance(streamed, StreamedSplits)
    assert held(streamed) == held(whole) == dict(enumerate(meant))
    (zone,) = [c for c in streamed.schema.columns if c.name == "zone"]
    assert zone.categories == tuple(sorted(WRITTEN))


def test_a_number_that_a_sample_lacks_is_written_as_where_it_comes_first() -> None:
    first = pa.array(["5.0", "x"]).dictionary_encode()
    spellings = Spellings(first, 3)

    batches = [["5", "8.50", "x"], ["8.5", "5", None], ["9.0", "9"], ["9.00"]]
    joined = [spellings.join(pa.array(batch).dictionary_encode()).to_pylist() for batch in batches]

    assert joined == [["5.0", "8.50", "x"], ["8.50", "5.0", None], ["9", "9"], ["9"]]


def test_numbers_beyond_the_most_that_are_remembered_stay_as_they_are() -> None:
    spellings = Spellings(pa.array(["1"]).dictionary_encode(), 1)

    assert spellings.join(pa.array(["1.0", "2.0"]).dictionary_encode()).to_pylist() == ["1", "2.0"]
    assert spellings.join(pa.array(["2"]).dictionary_encode()).to_pylist() == ["2"]
