"""Large CSV files: read by likely types, and understood as if they were read as strings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import mlfw_tabular.csv
from mlfw import UserError
from mlfw.schema.whole import whole
from mlfw_tabular.csv import Csv
from mlfw_tabular.table_dataset import Understood

ROWS = 3000


def column(name: str) -> list[str]:
    """Return a column's values as they stand in the file."""
    random = np.random.default_rng(0)
    decimals = [f"{value:.3f}" for value in random.normal(0, 50, ROWS)]
    few = random.integers(0, 40, ROWS)
    columns = {
        "decimals": decimals,
        "decimals with missing words": [*decimals[:-3], "NA", "", "?"],
        "decimals, then whole numbers": [*decimals[:-2], "12", "-7"],
        "decimals, then a word": [*decimals[:-1], "abc"],
        "decimals, then amounts": [*decimals[:-1], "$5"],
        "decimals, then a code": [*decimals[:-1], "007"],
        "decimals, then infinity": [*decimals[:-1], "inf"],
        "few whole numbers": [str(value) for value in few],
        "few codes": [f"{value:03}" for value in few],
        "zeros and ones": [str(value % 2) for value in few],
        "decimal zeros and ones": [f"{value % 2}.0" for value in few],
        "words": [f"word {value}" for value in few],
        "words with blanks": [f" word {value % 9} " if value % 4 else "NA" for value in few],
        "one word": ["same"] * ROWS,
        "missing": [""] * ROWS,
        "yes and no": ["yes" if value % 2 else "no" for value in few],
        "dates": [f"2024-01-{value % 28 + 1:02}" for value in few],
        "written dates": [f"{value % 28 + 1:02}/01/2024" for value in few],
        "percent": [f"{value} %" for value in few],
        "in quotes": [f'"a, {value % 7}"' for value in few],
        "over two lines": [f'"a\n{value % 7}"' for value in few],
        "different words": [f"id{value}" for value in random.permutation(ROWS)],
    }
    return columns[name]


NAMES = (
    *("decimals", "decimals with missing words", "decimals, then whole numbers"),
    *("decimals, then a word", "decimals, then amounts", "decimals, then infinity"),
    "decimals, then a code",
    *("few whole numbers", "few codes", "zeros and ones", "decimal zeros and ones", "words"),
    *("words with blanks", "one word", "missing", "yes and no", "dates", "written dates"),
    *("percent", "in quotes", "over two lines", "different words"),
)


def written(folder: Path, name: str) -> Path:
    """Write a file with a column, one of numbers, and a target."""
    values = column(name)
    lines = ["value,other,y"]
    lines += [f"{value},{row}.5,{'pq'[row % 2]}" for row, value in enumerate(values)]
    path = folder / "rows.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def read(path: Path, monkeypatch: pytest.MonkeyPatch, least: int) -> tuple[pa.Table, Understood]:
    """Return the source's rows and what they are understood as."""
    monkeypatch.setattr(mlfw_tabular.csv, "LEAST_BYTES_FOR_TYPES", least)
    dataset = Csv(path=[str(path)], target=["y"])
    table = dataset.table()
    return table, dataset.understood(table)


@pytest.mark.parametrize("name", NAMES)
def test_a_large_file_is_understood_as_one_of_strings(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, name)

    _, expected = read(path, monkeypatch, 1 << 40)
    _, found = read(path, monkeypatch, 0)

    assert found.schema == expected.schema
    assert found.notes == expected.notes
    for column in expected.rows.column_names:
        assert whole(found.rows[column]).equals(whole(expected.rows[column])), column


def test_numbers_and_repeated_words_are_not_held_as_strings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decimals, _ = read(written(tmp_path, "decimals"), monkeypatch, 0)
    words, _ = read(written(tmp_path, "words"), monkeypatch, 0)

    assert decimals["value"].type == pa.float64()
    assert pa.types.is_dictionary(words["value"].type)
    assert decimals["y"].type == words["y"].type == pa.string()


def test_what_is_predicted_is_read_as_strings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlfw_tabular.csv, "LEAST_BYTES_FOR_TYPES", 0)
    path = written(tmp_path, "decimals")

    table = Csv(path=[str(path)], target=["y"]).read(path)

    assert set(table.schema.types) == {pa.string()}


def test_a_row_of_another_width_is_named_in_a_large_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "words")
    path.write_text(path.read_text() + "1,2\n")

    with pytest.raises(UserError, match=f"line {ROWS + 2}"):
        read(path, monkeypatch, 0)
