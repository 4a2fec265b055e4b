"""CSV and JSON lines are streamed with the answers that reading them whole gives."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mlfw import Action, LoadContext, Schema, Split, StreamedSplits, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw_tabular.csv import Csv
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.row_sink import RowSink
from mlfw_tabular.streamable import StreamableDataset

ROWS = 3000


def lines(delimiter: str = ",", quote: str = '"', **changes: Any) -> str:
    """Return a table with a column of every kind, as CSV."""
    chance = random.Random(0)
    rows = [["row", "size", "colour", "day", "flag", "code", "note", "y"]]
    for n in range(ROWS):
        row = {
            "row": f"{n}",
            "size": chance.choice([f"{chance.random() * 9:.3f}", "NA"]),
            "colour": chance.choice(["red", "green", "blue", ""]),
            "day": f"{2000 + n % 20}-{1 + n % 12:02}-{1 + n % 28:02}",
            "flag": chance.choice(["yes", "no"]),
            "code": f"{n % 300:04}",
            "note": f"{quote}a remark{delimiter} of three or more words {n}{quote}",
            "y": chance.choice(["u", "v"]),
        }
        row |= {name: change(n) for name, change in changes.items() if change(n) is not None}
        rows.append(list(row.values()))
    return "".join(delimiter.join(row) + "\n" for row in rows)


FILES: dict[str, tuple[str, bytes]] = {
    "commas": ("a.csv", lines().encode()),
    "semicolons and decimal commas": (
        "a.csv", lines(";", size=lambda n: f"{n},{n % 7}5").encode(),
    ),
    "tabs": ("a.tsv", lines("\t").encode()),
    "apostrophes": ("a.csv", lines(quote="'").encode()),
    "titles": ("a.csv", ("A report\nof 2024\n\n" + lines()).encode()),
    "a footer": ("a.csv", (lines() + "\nTotal\nby a tool\n").encode()),
    "UTF-16": ("a.csv", lines(colour=lambda n: "grün" if n % 2 else None).encode("utf-16")),
    "late Latin letters": (
        "a.csv", lines(colour=lambda n: "grün" if n > 2990 else None).encode("cp1252"),
    ),
    "values of several lines": (
        "a.csv", lines(note=lambda n: f'"two lines\n or three and more {n}"').encode(),
    ),
    "packed": ("a.csv.gz", gzip.compress(lines().encode())),
    "blank lines": ("a.csv", lines().replace("\n", "\n\n").encode()),
    "returns": ("a.csv", lines().replace("\n", "\r\n").encode()),
    "a late word for missing": (
        "a.csv", lines(size=lambda n: "unknown" if n in (2600, 2700) else f"{n}.5").encode(),
    ),
    "late words": (
        "a.csv", lines(size=lambda n: f"word {n % 50}" if n > 2500 else f"{n}.5").encode(),
    ),
    "a late code": ("a.csv", lines(size=lambda n: "007" if n == 2500 else f"{n}").encode()),
    "late days": (
        "a.csv",
        lines(day=lambda n: f"{13 if n == 2500 else 1 + n % 12:02}/{1 + n % 12:02}/2020").encode(),
    ),
    "a late large number": (
        "a.csv", lines(size=lambda n: f"{2**60 + n}" if n > 2500 else f"{n}").encode(),
    ),
    "late fractions": (
        "a.csv", lines(flag=lambda n: "2.5" if n > 2900 else f"{n % 2}").encode(),
    ),
}  # fmt: skip


def _json(change: Any = lambda row: row) -> bytes:
    chance = random.Random(1)
    found = []
    for n in range(ROWS):
        row = {"row": n, "size": chance.random(), "colour": chance.choice(["red", "green"]),
               "day": f"2020-01-{1 + n % 28:02}", "flag": n % 3 == 0,
               "y": chance.choice(["u", "v"])}  # fmt: skip
        found.append(json.dumps(change(row)))
    return ("\n".join(found) + "\n").encode()


def _changed(after: int, **values: Any) -> Any:
    return lambda row: {**row, **values} if row["row"] > after else row


FILES |= {
    "JSON": ("a.jsonl", _json()),
    "JSON, late fractions": ("a.jsonl", _json(_changed(2500, more=2.5))),
    "JSON, a late column": ("a.jsonl", _json(_changed(2500, late="x"))),
    "JSON, late words": ("a.jsonl", _json(_changed(2500, size="x"))),
    "JSON, days that are none": ("a.jsonl", _json(_changed(2500, day="someday"))),
    "JSON, large numbers": ("a.jsonl", _json(_changed(2500, size=2**70))),
    "JSON, packed": ("a.ndjson.gz", gzip.compress(_json())),
    "JSON, no end of line": ("a.jsonl", _json().rstrip(b"\n")),
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few thousand rows be many blocks."""
    monkeypatch.setattr("mlfw_tabular.json_blocks.BLOCK", 20_000)
    monkeypatch.setattr("mlfw_tabular.csv_rows.WRITE_BLOCK", 20_000)
    monkeypatch.setattr("mlfw_tabular.row_sink.MOST_ROWS", 500)
    monkeypatch.setattr("mlfw_tabular.streaming.rows.SAMPLE_ROWS", 20)
    monkeypatch.setattr("mlfw_tabular.parquet_source.BLOCK_ROWS", 1000)


def loaded(
    path: Path | list[Path], folder: Path, *, stream: bool, **options: Any
) -> tuple[Schema, dict[str, list[Any]], set[str]]:
    """Return the schema, all rows in order, and the findings of the reader."""
    paths = path if isinstance(path, list) else [path]
    kind: type[StreamableDataset] = JsonLines if "json" in paths[0].name else Csv
    folder.mkdir()
    dataset = kind(
        path=[str(each) for each in paths], target=["y"], stream=stream,
        checks={"all": Action.off}, **options,
    )  # fmt: skip
    data = dataset.load(LoadContext(split=Split(), folder=folder))
    assert isinstance(data, StreamedSplits) is stream
    rows = pa.concat_tables(
        [
            pa.table({name: _plain(batch[name]) for name in batch.column_names})
            for split in SPLIT_NAMES
            for batch in data.batches(split)
        ],
        promote_options="permissive",
    ).sort_by("row")
    found = {finding.message for finding in data.findings if finding.check == "reading"}
    assert {each.name for each in folder.iterdir()} <= set(SPLIT_NAMES)
    return data.schema, rows.select(sorted(rows.column_names)).to_pydict(), found


def _told(note: str) -> str:
    """Return a note without numbers of rows, and that it is of a sample."""
    return re.sub(r"\d+", "N", note).replace(" (in a sample of N rows)", "")


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values


LIKE_OTHERS = (
    "tabs", "apostrophes", "titles", "UTF-16", "blank lines", "returns", "late words",
    "late fractions", "JSON, late fractions", "JSON, large numbers", "JSON, packed",
    "JSON, no end of line",
)  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in LIKE_OTHERS)) for name in FILES],
)
def test_streamed_rows_are_those_that_reading_whole_gives(name: str, tmp_path: Path) -> None:
    file, content = FILES[name]
    path = tmp_path / file
    path.write_bytes(content)

    schema, rows, notes = loaded(path, tmp_path / "streamed", stream=True)
    expected, whole, said = loaded(path, tmp_path / "whole", stream=False)

    # Which categories there are in the training rows follows from the division.
    columns, others = ([replace(c, categories=()) for c in s.columns] for s in (schema, expected))
    assert columns == others
    assert schema.targets == expected.targets
    assert rows == whole
    assert {_told(note) for note in notes} == {_told(note) for note in said}


def test_no_more_than_a_block_is_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    write = RowSink.write

    def noted(sink: RowSink, table: pa.Table) -> None:
        sizes.append(table.nbytes)
        write(sink, table)

    monkeypatch.setattr(RowSink, "write", noted)
    for name, content in (("a.csv", lines().encode()), ("b.jsonl", _json())):
        (tmp_path / name).write_bytes(content)
        sizes.clear()
        loaded(tmp_path / name, tmp_path / f"{name} streamed", stream=True)
        assert len(sizes) > 4
        assert max(sizes) < len(content) / 3


@pytest.mark.parametrize("names", [["a.csv", "b.csv"], ["a.jsonl", "b.jsonl"]])
def test_several_files_are_one_table(names: list[str], tmp_path: Path) -> None:
    """Their columns stand in another order and, as JSON, are of another type."""
    for number, name in enumerate(names):
        rows = [{"row": n + 400 * number, "size": f"{n}" if number else n, "y": "uv"[n % 2]}
                for n in range(400)]  # fmt: skip
        if number:
            rows = [dict(reversed(row.items())) for row in rows]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        if name.endswith("csv"):
            cells = [list(rows[0]), *(list(row.values()) for row in rows)]
            text = "".join(",".join(map(str, row)) + "\n" for row in cells)
        (tmp_path / name).write_text(text)
    paths = [tmp_path / name for name in names]

    schema, rows, notes = loaded(paths, tmp_path / "streamed", stream=True)
    expected, whole, said = loaded(paths, tmp_path / "whole", stream=False)

    assert (rows, schema.columns, notes) == (whole, expected.columns, said)


BAD: dict[str, tuple[str, str, str]] = {
    "a row too long": ("a.csv", lines() + "1,2\n3,4,5\n", "line 3002: expected 8 values, found 2"),
    "the header again": ("a.csv", lines() + lines(), "row 3001: is the header again"),
    "an open quote": ("a.csv", lines() + '1,"2,3,4,5,6,7,8\n', "a.csv"),
    "only a header": ("a.csv", "n,y\n", "holds no rows, only columns n, y"),
    "no number": (
        "a.csv",
        lines(size=lambda n: "x9" if n == 2600 else f"{n}"),
        "after row 2000: column 'size', row 601: expected a number, found 'x9'",
    ),
    "no JSON": ("a.jsonl", _json().decode() + "{]\n", "line 3001: not JSON"),
    "an object": ("a.jsonl", '{"n": {"a": 1}, "y": 1}\n' * 9, "column 'n': holds nested values"),
    "a NUL": ("a.csv", lines() + "\0", "line 3002: found a NUL byte"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    file, content, message = BAD[name]
    path = tmp_path / file
    path.write_text(content)
    options = {"columns": {"size": "number"}} if name == "no number" else {}
    with pytest.raises(UserError) as streamed:
        loaded(path, tmp_path / "streamed", stream=True, **options)
    if name != "no number":
        with pytest.raises(UserError) as whole:
            loaded(path, tmp_path / "whole", stream=False, **options)
        assert streamed.value.problem == whole.value.problem

    assert message in streamed.value.problem
