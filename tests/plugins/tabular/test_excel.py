"""Workbooks are read with their types, wherever a table file is taken."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import mlfw
from mlfw import LoadContext, Splits, UserError
from mlfw.pipeline.row_files import read_rows, row_format
from mlfw.plugins import load_plugins
from mlfw_tabular.csv import Csv
from mlfw_tabular.excel import Excel
from workbook import write_workbook

HEADER = ["size", "colour", "day", "fresh", "share", "kind"]
DAY = dt.datetime(2024, 1, 31)
ROWS: list[list[Any]] = [
    [i, ("red", "blue")[i % 2], DAY + dt.timedelta(i), i % 3 == 0, i / 4, "ab"[i % 2]]
    for i in range(30)
]


def workbook(folder: Path, *rows: list[Any], name: str = "data.xlsx", **sheets: Any) -> Path:
    path = folder / name
    write_workbook(path, {"First": [*rows], **sheets})
    return path


def load(path: Path, **options: Any) -> Splits:
    splits = Excel(path=[str(path)], **options).load(LoadContext())
    assert isinstance(splits, Splits)
    return splits


def notes(splits: Splits) -> str:
    return "; ".join(f"{f.message} {f.remedy}" for f in splits.findings if f.check == "reading")


def test_cells_keep_their_types(tmp_path: Path) -> None:
    table = Excel().read(workbook(tmp_path, HEADER, *ROWS))

    assert table.schema.types == [
        pa.int64(), pa.string(), pa.timestamp("us"), pa.bool_(), pa.float64(), pa.string(),
    ]  # fmt: skip
    assert table.slice(1, 1).to_pylist() == [
        dict(zip(HEADER, [1, "blue", dt.datetime(2024, 2, 1), False, 0.25, "b"], strict=True))
    ]


def test_kinds_follow_from_the_types(tmp_path: Path) -> None:
    splits = load(workbook(tmp_path, HEADER, *ROWS), target=["kind"], checks={"all": "off"})

    kinds = [str(column.kind) for column in splits.schema.columns]
    assert kinds == ["number", "category", "datetime", "boolean", "number"]


def test_titles_and_empty_rows_and_columns_are_no_part_of_the_table(tmp_path: Path) -> None:
    rows = [[None, *row[:2], None, row[5]] for row in ROWS]
    title: list[list[Any]] = [["Sales of May"], [], [None, "printed", 2024], []]
    path = workbook(tmp_path, *title, [None, "size", "colour", None, "kind"], *rows, [], [None])

    splits = load(path, target=["kind"], checks={"all": "off"})

    assert splits.schema.names == ("size", "colour")
    assert "above row 5" in notes(splits)
    assert "Sales of May" in notes(splits)
    assert load(path, target=["kind"], skip=4).schema.target.name == "kind"


def test_years_may_be_names(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["land", 2019, 2020], *[[f"l{i}", i / 3, i / 7] for i in range(9)])

    assert Excel().read(path).column_names == ["land", "2019", "2020"]


def test_cells_of_several_types_are_text_and_said_to_be(tmp_path: Path) -> None:
    rows = [[i if i % 2 else f"K{i}", i % 5 or "#N/A", "ab"[i % 3 % 2]] for i in range(40)]
    path = workbook(tmp_path, ["code", "size", "kind"], *rows)

    splits = load(path, target=["kind"], checks={"all": "off"})

    assert [str(column.kind) for column in splits.schema.columns] == ["category", "number"]
    assert "cells of several types: text, numbers" in notes(splits)
    assert "several types" not in notes(load(path, target=["kind"], drop=["code"]))


def test_the_sheet_is_chosen_by_name_or_number_and_said(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADER, *ROWS, Second=[["x"], [1], [2]])

    assert Excel(sheet="Second").read(path).to_pydict() == {"x": [1, 2]}
    assert Excel(sheet="2").read(path).num_rows == 2
    assert "dataset.sheet=Second" in notes(load(path, target=["kind"]))
    with pytest.raises(UserError, match=r"(?s)no sheet 'Secnd'.*First, Second.*mean 'Second'"):
        Excel(sheet="Secnd").read(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "damaged"),
        (b"PK\x03\x04" + bytes(99), "cut short or damaged"),
        (b"size,kind\n1,a\n", "no Excel workbook"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_answered(
    content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "data.xlsx"
    path.write_bytes(content)

    with pytest.raises(UserError, match=words) as caught:
        Excel().read(path)
    assert "data.xlsx" in caught.value.problem
    assert caught.value.remedy


def test_a_zip_without_a_workbook_and_an_empty_sheet_are_answered(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(UserError, match="damaged"):
        Excel().read(tmp_path / "a.xlsx")
    with pytest.raises(UserError, match="empty"):
        Excel().read(workbook(tmp_path))


def test_a_workbook_that_unpacks_to_more_than_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path, HEADER, *ROWS)
    monkeypatch.setattr("mlfw_tabular.excel.memory_bytes", lambda: 1000)

    with pytest.raises(UserError, match="too much for memory"):
        Excel().read(path)


def test_a_missing_package_is_named_with_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(tmp_path, HEADER, *ROWS)
    monkeypatch.setitem(sys.modules, "python_calamine", None)

    with pytest.raises(UserError, match=r"pip install 'mlfw\[excel\]'"):
        Csv().read(path)


def test_a_workbook_is_taken_by_its_suffix_wherever_a_table_is(tmp_path: Path) -> None:
    path = workbook(tmp_path, HEADER, *ROWS)
    text = tmp_path / "data.csv"
    lines = [HEADER, *([*map(str, row)] for row in ROWS)]
    text.write_text("".join(",".join(line) + "\n" for line in lines))
    registry = load_plugins().registry

    assert Csv(path=[str(path)]).table().num_rows == 30
    assert "excel" in registry.kind("dataset")
    for options in ({}, {"use": "csv", "delimiter": ";"}, {"use": "excel", "sheet": "First"}):
        assert read_rows(path, registry, options).num_rows == 30
    data = Csv(path=[str(text)], test=[str(path)], target=["kind"], drop=["fresh", "day", "size"])
    splits = data.load(LoadContext())
    assert isinstance(splits, Splits)
    assert splits.test.num_rows == 30


def test_a_workbook_is_not_written_and_other_suffixes_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)'\.xlsx' are read and not written.*\.csv"):
        row_format(tmp_path / "out.xlsx", load_plugins().registry, write=True)


def test_a_run_predicts_and_evaluates_workbooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = workbook(tmp_path, HEADER, *ROWS)

    run = mlfw.run(
        overrides=["dataset=excel", f"dataset.path={path}", "dataset.target=kind", "model=tree"]
    )

    registry = load_plugins().registry
    rows = read_rows(path, registry, {"use": "excel", "path": [str(path)]})
    assert mlfw.load(run.dir).predict(rows).num_rows == 30
