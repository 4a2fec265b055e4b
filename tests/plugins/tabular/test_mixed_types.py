"""A column of several types is read as text and said to be; one that is dropped is not judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlfw import LoadContext, Splits, UserError
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.parquet import Parquet

READ_AS = {"category": "text", "boolean": "true and false", "number": "numbers"}


def loaded(folder: Path, values: list[Any], **options: Any) -> Splits:
    rows = [{"size": i % 9, "code": v, "kind": "ab"[i % 2]} for i, v in enumerate(values)]
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    splits = JsonLines(path=[str(path)], target=["kind"], **options).load(LoadContext())
    assert isinstance(splits, Splits)
    return splits


def said(splits: Splits) -> list[str]:
    return [f"{f.column}: {f.message}" for f in splits.findings if f.check == "reading"]


@pytest.mark.parametrize(
    ("pair", "kind", "words"),
    [
        (["K1", 2], "category", "text in line 1, a number in line 2"),
        ([True, 0], "boolean", "true or false in line 1, a number in line 2"),
        (["7", 2.5], "number", "text in line 1, a number in line 2"),
        ([{"a": 1}, "x"], "category", "an object in line 1, text in line 2"),
        ([["a"], "x"], "category", "a list in line 1, text in line 2"),
    ],
)
def test_values_of_several_types_are_text(
    pair: list[Any], kind: str, words: str, tmp_path: Path
) -> None:
    splits = loaded(tmp_path, [pair[i % 3 % 2] for i in range(60)])

    assert str(splits.schema.column("code").kind) == kind
    (note,) = [f for f in splits.findings if f.check == "reading"]
    assert note.column == "code"
    assert words in note.message
    assert note.remedy == f"Read as {READ_AS[kind]}."


def test_numbers_that_are_left_out_as_identifiers_were_no_text(tmp_path: Path) -> None:
    splits = loaded(tmp_path, [str(i) if i % 2 else i for i in range(60)])

    assert [column.name for column in splits.schema.columns] == ["size"]
    assert [f.remedy for f in splits.findings if f.check == "reading"] == ["Read as numbers."]


@pytest.mark.parametrize(
    "pair", [["K1", 2], [{"a": 1}, {"a": "x"}], [[1], [{"b": 2}]], [{"a": [1, "x"]}, 3]]
)
def test_a_dropped_column_is_not_judged(pair: list[Any], tmp_path: Path) -> None:
    splits = loaded(tmp_path, [pair[i % 2] for i in range(60)], drop=["code"])

    assert [column.name for column in splits.schema.columns] == ["size"]
    assert said(splits) == []


def test_a_column_of_objects_is_refused_unless_it_is_dropped(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)'code': holds nested values.*dataset\.drop=\[code\]"):
        loaded(tmp_path, [{"a": 1 if i % 2 else "x"} for i in range(60)])


def test_lists_of_words_and_numbers_are_lists_of_words(tmp_path: Path) -> None:
    splits = loaded(tmp_path, [["a", 1] if i % 3 else ["b"] for i in range(60)])

    assert str(splits.schema.column("code").kind) == "labels"


def test_numbers_that_python_writes_and_json_does_not_know_are_missing(tmp_path: Path) -> None:
    splits = loaded(tmp_path, [float("nan") if i % 9 == 0 else i / 4 for i in range(60)])

    assert str(splits.schema.column("code").kind) == "number"


def test_a_mixed_column_that_the_model_does_not_use_is_not_told_of(tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    path.write_text('{"size": 1, "other": "x"}\n{"size": 2, "other": {"a": 1}}\n')
    data = JsonLines()
    data.expect(["size", "kind"])

    assert data.read(path).column("size").to_pylist() == [1, 2]
    assert data.notes() == []


@pytest.mark.parametrize("drop", [[], ["code"]])
def test_a_column_of_another_type_in_another_file_is_text(drop: list[str], tmp_path: Path) -> None:
    for name, codes in (("a", list(range(30))), ("b", ["K1", "K2", "K3"] * 10)):
        kinds = [name] * 15 + ["c"] * 15
        pq.write_table(
            pa.table({"size": list(range(30)), "code": codes, "kind": kinds}),
            tmp_path / f"{name}.parquet",
        )
    data = Parquet(path=[str(tmp_path)], target=["kind"], drop=drop, stream=False)

    splits = data.load(LoadContext())

    assert isinstance(splits, Splits)
    assert ("code" in splits.schema.names) is (not drop)
    assert said(splits) == ([] if drop else ["code: int64 in a.parquet, string in b.parquet."])


def test_whole_numbers_too_large_for_any_type_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    ids = [2**64 + i % 3 for i in range(12)]
    path.write_text("".join(f'{{"id": {each}, "x": 1e300}}\n' for each in ids))

    table = JsonLines(path=[str(path)]).table()

    assert table["id"].to_pylist() == [str(each) for each in ids]
    assert table["x"][0].as_py() == 1e300
