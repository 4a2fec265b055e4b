"""Rows that come later are read as those that were trained on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Column, Kind, Schema, Target, Task, UserError
from mlfw.schema import conform

SCHEMA = Schema.of(
    (
        Column(name="when", kind=Kind.datetime, format="%d.%m.%Y", missing=True),
        Column(name="price", kind=Kind.number, format="#.###,# €", integer=True),
        Column(name="colour", kind=Kind.category, categories=("blue", "red")),
        Column(name="note", kind=Kind.text, prepare={"words": 3}),
    ),
    Column(name="tags", kind=Kind.labels, format=";"),
    Task.multilabel,
    ("a", "b"),
)


def rows(**columns: list[object]) -> pa.Table:
    usual: dict[str, list[object]] = {
        "when": ["1.2.2024"],
        "price": ["1.234,5 €"],
        "colour": ["red"],
        "note": ["x"],
        "tags": ["a;b"],
    }
    return pa.table({**usual, **columns})


def test_a_served_row_is_read_in_the_form_of_the_training_rows() -> None:
    table = conform(rows(), SCHEMA, with_target=True)

    assert table.to_pylist() == [
        {
            "when": datetime(2024, 2, 1),
            "price": 1234.5,
            "colour": "red",
            "note": "x",
            "tags": ["a", "b"],
        }
    ]
    assert table["colour"].type == pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize("when", ["2024-02-01", datetime(2024, 2, 1)])
@pytest.mark.parametrize("price", [1234.5, "1234.5", "1.234,50", "\u20ac 1234,5"])
def test_the_usual_forms_are_understood_beside_it(when: object, price: object) -> None:
    table = conform(rows(when=[when], price=[price]), SCHEMA)

    assert table.to_pylist()[0]["when"] == datetime(2024, 2, 1)
    assert table.to_pylist()[0]["price"] == 1234.5


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("when", "31.2.2024", "column 'when', row 2: .*or written as %d.%m.%Y, found '31.2.2024'"),
        ("price", "$5", "column 'price', row 2: expected a number, or written as #.###,# €"),
        ("tags", 5, "column 'tags', row 1: .*with ';' between them"),
    ],
)
def test_what_does_not_fit_is_named_with_the_form(column: str, value: object, message: str) -> None:
    good = rows()[column][0].as_py()
    values = [value] if column == "tags" else [good, value]
    table = {name: rows()[name].to_pylist() * len(values) for name in rows().column_names}

    with pytest.raises(UserError, match=message):
        conform(pa.table({**table, column: values}), SCHEMA, with_target=True)


@given(size=st.integers(1, 5000), data=st.data())
@settings(deadline=None, max_examples=30)
def test_the_first_row_that_does_not_fit_is_named(size: int, data: st.DataObject) -> None:
    bad = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=3))
    values = pa.array(["x" if row in bad else "1" for row in range(size)])
    schema = Schema(columns=(Column(name="n", kind=Kind.number),), targets=())

    with pytest.raises(UserError, match=f"row {min(bad) + 1}: "):
        conform(pa.table({"n": values}), schema)


def test_a_schema_is_kept_without_what_is_empty(tmp_path: Path) -> None:
    SCHEMA.save(tmp_path / "schema.json")

    assert Schema.load(tmp_path / "schema.json") == SCHEMA
    assert SCHEMA.to_json()["columns"][2] == {
        "name": "colour",
        "kind": "category",
        "categories": ("blue", "red"),
    }
    assert SCHEMA.to_json()["targets"] == [
        {
            "column": {"name": "tags", "kind": "labels", "format": ";"},
            "task": "multilabel",
            "classes": ("a", "b"),
        }
    ]


def test_a_schema_written_with_everything_is_still_read() -> None:
    column = {
        "name": "n",
        "kind": "number",
        "format": "",
        "categories": [],
        "integer": False,
        "missing": False,
        "prepare": {},
    }
    target = {"column": column, "task": "regression", "classes": [], "weights": []}

    schema = Schema.from_json({"columns": [column], "targets": [target]})

    expected = Column(name="n", kind=Kind.number)
    assert schema == Schema(
        columns=(expected,), targets=(Target(column=expected, task=Task.regression),)
    )
