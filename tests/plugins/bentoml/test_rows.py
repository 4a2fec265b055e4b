"""Reading rows: whatever is sent, rows that can be predicted come out or a refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlfw
from mlfw.pipeline.saved_model import SavedModel
from mlfw_service.reading.refusal import Refusal
from mlfw_service.reading.rows import RowReader

pytestmark = pytest.mark.xdist_group("bentoml")

NAMES = ("number", "whole", "colour", "grade", "flag", "moment", "note")
COLUMNS = (
    mlfw.Column(name="number", kind=mlfw.Kind.number),
    mlfw.Column(name="whole", kind=mlfw.Kind.number, integer=True),
    mlfw.Column(name="colour", kind=mlfw.Kind.category, categories=("blue", "red")),
    mlfw.Column(name="grade", kind=mlfw.Kind.category, categories=("1", "2.5", "none")),
    mlfw.Column(name="flag", kind=mlfw.Kind.category, categories=("False", "True")),
    mlfw.Column(name="moment", kind=mlfw.Kind.datetime),
    mlfw.Column(name="note", kind=mlfw.Kind.text),
)
SCHEMA = mlfw.Schema.of(
    columns=COLUMNS,
    target=mlfw.Column(name="y", kind=mlfw.Kind.number),
    task=mlfw.Task.regression,
)
READER = RowReader(SCHEMA, max_rows=50)
EMPTY = dict.fromkeys(NAMES)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner),
    max_leaves=20,
)
FITTING = st.fixed_dictionaries(
    {
        "Culmen Length (mm)": st.none()
        | st.floats(-3.4e38, 3.4e38)
        | st.integers(-(10**18), 10**18),
        "class": st.none() | st.integers(-(10**18), 10**18),
        "colour": st.none() | st.text(),
        "grade": st.none()
        | st.text()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False),
        "fresh": st.none() | st.booleans(),
        "model_config": st.none() | st.datetimes().map(datetime.isoformat),
        "größe": st.none() | st.text(),
    }
)


def read(**values: Any) -> dict[str, Any]:
    """Return one row as it is read."""
    [row] = READER.read(json.dumps([{**EMPTY, **values}]).encode())
    return row


def refused(**values: Any) -> Any:
    with pytest.raises(Refusal) as caught:
        read(**values)
    return caught.value.details[0]


def outcome(body: bytes) -> list[dict[str, Any]] | Refusal:
    try:
        return READER.read(body)
    except Refusal as refusal:
        return refusal


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    found = outcome(body)
    assert found == [] or (isinstance(found, Refusal) and found.status in (400, 422))


@given(ANYTHING | st.lists(ANYTHING, max_size=60))
def test_any_json_is_read_or_refused_with_a_place(value: Any) -> None:
    found = outcome(json.dumps(value).encode())
    if isinstance(found, Refusal):
        assert found.error
        assert found.status in (400, 413, 422)
        assert json.loads(found.content())["error"] == found.error


@pytest.fixture(scope="module")
def saved(model: Path) -> SavedModel:
    """The saved model, loaded."""
    return mlfw.load(model)


@settings(deadline=None)
@given(rows=st.lists(FITTING, min_size=1, max_size=5))
def test_any_row_that_is_read_can_be_predicted(
    saved: SavedModel, rows: list[dict[str, Any]]
) -> None:
    read_rows = RowReader(saved.schema, max_rows=50).read(json.dumps(rows).encode())
    assert saved.predict(read_rows).num_rows == len(rows)


def test_whole_numbers_and_others_become_floats() -> None:
    assert read(number=1, whole=2.5) == {**EMPTY, "number": 1.0, "whole": 2.5}
    assert isinstance(read(whole=3)["whole"], float)


@pytest.mark.parametrize("value", [3.5e38, -(10**39), float("nan")])
def test_a_number_beyond_single_precision_is_refused(value: float) -> None:
    assert "3.4e+38" in refused(number=value).expected


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [(1, "1"), (1.0, "1"), (2.5, "2.5"), ("2.5", "2.5"), (7, "7"), ("none", "none"), (None, None)],
)
def test_a_category_seen_as_a_number_is_known_in_every_form(sent: Any, read_as: Any) -> None:
    assert read(grade=sent)["grade"] == read_as


@pytest.mark.parametrize(("sent", "read_as"), [(True, "True"), (False, "False"), ("True", "True")])
def test_a_category_seen_as_true_and_false_is_known_in_both_forms(sent: Any, read_as: str) -> None:
    assert read(flag=sent)["flag"] == read_as


def test_a_category_takes_no_form_that_was_never_seen() -> None:
    assert refused(flag=1).expected == "a string, true or false, or null"
    assert refused(grade=True).expected == "a string, a number, or null"
    assert refused(colour=1).expected == "a string or null"


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("2024-05-31", datetime(2024, 5, 31)),
        ("2024-05-31 14:30", datetime(2024, 5, 31, 14, 30)),
        ("2024-05-31T14:30:00.25", datetime(2024, 5, 31, 14, 30, 0, 250_000)),
        ("2024-05-31T14:30:00Z", datetime(2024, 5, 31, 14, 30)),
        ("2024-05-31T14:30:00-10:00", datetime(2024, 6, 1, 0, 30)),
    ],
)
def test_dates_are_read_as_training_reads_them(sent: str, read_as: datetime) -> None:
    assert read(moment=sent)["moment"] == read_as


def test_long_values_and_names_are_cut_short() -> None:
    assert len(refused(number="x" * 10_000).found) < 100
    assert len(refused(**{"y" * 10_000: 1}).field) < 100


def test_a_later_value_of_a_key_given_twice_counts() -> None:
    body = json.dumps([EMPTY]).replace('"note": null', '"note": 5, "note": "last"').encode()
    assert READER.read(body)[0]["note"] == "last"


@pytest.mark.parametrize(
    ("column", "sent", "read_as"),
    [
        ("at", "07:43", datetime(1970, 1, 1, 7, 43)),
        ("month", "2021-03", datetime(2021, 3, 1)),
        ("engine", "1248 CC", 1248.0),
        ("engine", 1248, 1248.0),
        ("km", "103k", 103_000.0),
        ("took", "1:30:00", 5400.0),
        ("dose", None, None),
        ("id", 2**60, str(2**60)),
        ("id", 2**60 + 1, str(2**60 + 1)),
    ],
)
def test_values_are_read_as_they_are_written_in_training(
    column: str, sent: Any, read_as: Any
) -> None:
    number, moment = mlfw.Kind.number, mlfw.Kind.datetime
    columns = (
        mlfw.Column(name="at", kind=moment, format="%H:%M"),
        mlfw.Column(name="month", kind=moment, format="%Y-%m"),
        mlfw.Column(name="engine", kind=number, format="#,###.# CC"),
        mlfw.Column(name="km", kind=number, format="#.#[kMBT]"),
        mlfw.Column(name="took", kind=number, format="%H:%M:%S"),
        mlfw.Column(name="dose", kind=number, missing_words=("-",)),
        mlfw.Column(name="id", kind=mlfw.Kind.category, categories=(str(2**60), str(2**60 + 1))),
    )
    reader = RowReader(replace(SCHEMA, columns=columns), max_rows=5)
    empty = {each.name: None for each in columns}

    [row] = reader.read(json.dumps([{**empty, column: sent}]).encode())

    assert row[column] == read_as


def test_an_answer_notes_what_training_never_saw(saved: SavedModel) -> None:
    from mlfw_service.routes.answers import answer_rows

    row = dict.fromkeys(saved.schema.names)
    rows = [{**row, "colour": "mauve"}, row]

    odd, usual = answer_rows(saved, rows)

    assert odd["notes"] == ["column 'colour': 'mauve' never occurred in training."]
    assert "notes" not in usual
