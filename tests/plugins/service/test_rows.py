"""Reading rows: whatever is sent, rows that can be predicted come out or a refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlfw
from mlfw.pipeline.saved_model import SavedModel
from mlfw.schema.value_notes import Problem, ValueNote
from mlfw_service import ServiceOptions
from mlfw_service.reading.refusal import Refusal
from mlfw_service.reading.rows import RowReader
from mlfw_service.routes.predict import Predict

NAMES = ("Culmen Length (mm)", "class", "colour", "grade", "fresh", "model_config", "größe")
EMPTY: dict[str, Any] = dict.fromkeys(NAMES)
OPTIONS = ServiceOptions(
    name="rows", workers=1, timeout=60, max_concurrency=10, max_body=1_000_000, max_rows=50
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner),
    max_leaves=20,
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
FITTING = st.fixed_dictionaries(
    {
        "Culmen Length (mm)": st.none()
        | FINITE
        | FINITE.map(repr)
        | st.integers(-(10**18), 10**18),
        "class": st.none() | st.integers(-(10**18), 10**18) | st.integers().map(str),
        "colour": st.none() | st.text() | st.integers() | st.booleans(),
        "grade": st.none() | st.text() | st.integers() | FINITE,
        "fresh": st.none() | st.booleans() | st.sampled_from(["yes", "no", "TRUE", "0", 0, 1]),
        "model_config": st.none()
        | st.datetimes().map(datetime.isoformat)
        | st.dates().map(str).filter(lambda text: text > "1000"),
        "größe": st.none() | st.text(),
    }
)


@pytest.fixture(scope="module")
def saved(model: Path) -> SavedModel:
    """The saved model, loaded."""
    return mlfw.load(model)


@pytest.fixture(scope="module")
def predict(saved: SavedModel) -> Predict:
    """What answers `POST /predict`."""
    return Predict(saved, OPTIONS)


def answer(predict: Predict, row: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one row, sent by itself."""
    found = json.loads(predict.predict(json.dumps(row).encode()))
    assert isinstance(found, dict)
    return found


def refused(predict: Predict, rows: Any) -> Refusal:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    with pytest.raises(Refusal) as caught:
        predict.predict(body)
    assert json.loads(caught.value.content())["error"] == caught.value.error
    return caught.value


def outcome(predict: Predict, body: bytes) -> Any:
    try:
        return json.loads(predict.predict(body))
    except Refusal as refusal:
        json.loads(refusal.content())
        return refusal


@settings(deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(predict: Predict, body: bytes) -> None:
    found = outcome(predict, body)
    assert found == [] or (isinstance(found, Refusal) and found.status in (400, 422))


@settings(deadline=None)
@given(value=ANYTHING | st.lists(ANYTHING, max_size=60))
def test_any_json_is_answered_or_refused_with_a_reason(predict: Predict, value: Any) -> None:
    found = outcome(predict, json.dumps(value).encode())
    if isinstance(found, Refusal):
        assert found.error
        assert found.status in (400, 413, 422)


def predicted(saved: SavedModel, rows: list[dict[str, Any]]) -> list[Any] | None:
    """Return what the model predicts for rows, or None where it cannot read a value."""
    notes: list[ValueNote] = []
    try:
        found = saved.predict_noting(rows, notes).to_pylist()
    except mlfw.UserError:
        return None
    return None if any(note.problem is Problem.misfit for note in notes) else found


@settings(deadline=None, max_examples=25)
@given(rows=st.lists(FITTING, min_size=1, max_size=4))
def test_rows_are_answered_as_the_model_predicts_them(
    predict: Predict, saved: SavedModel, rows: list[dict[str, Any]]
) -> None:
    expected = predicted(saved, rows)
    found = outcome(predict, json.dumps(rows).encode())
    if isinstance(found, Refusal):
        assert expected is None
        assert found.details
    else:
        for each in found:
            each.pop("notes", None)
        assert found == expected


def test_one_row_is_answered_by_one_object_and_a_list_by_a_list(predict: Predict) -> None:
    alone, rows = answer(predict, EMPTY), json.dumps([EMPTY]).encode()
    assert json.loads(predict.predict(rows)) == [alone]
    assert json.loads(predict.predict(b'{"rows": ' + rows + b"}")) == [alone]
    assert predict.predict(b"[]") == b"[]"


@pytest.mark.parametrize(
    ("column", "same"),
    [
        ("fresh", [True, "yes", "YES", "true", "y", "1", 1]),
        ("fresh", [False, "no", "False", "0", 0]),
        ("class", [58, 58.0, "58", " 58 ", "5.8e1"]),
        ("grade", ["2", 2, 2.0, "2.0"]),
        ("Culmen Length (mm)", [None, "", "NA", "?"]),
        (
            "model_config",
            [
                "2024-01-09T10:00:00",
                "2024-01-09 10:00",
                "2024-01-09T10:00Z",
                "2024-01-09T12:00+02:00",
            ],
        ),
        ("model_config", ["2024-01-09", "2024-01-09T00:00:00"]),
    ],
)
def test_a_value_is_read_in_every_way_that_training_reads(
    predict: Predict, column: str, same: list[Any]
) -> None:
    answers = [answer(predict, {**EMPTY, "class": 3, column: value}) for value in same]
    assert answers == answers[:1] * len(same)
    assert "notes" not in answers[0]


def test_a_category_that_training_never_saw_is_noted_in_its_row(predict: Predict) -> None:
    rows = [{**EMPTY, "colour": "mauve"}, EMPTY]
    odd, usual = json.loads(predict.predict(json.dumps(rows).encode()))
    assert odd["notes"] == ["column 'colour': 'mauve' never occurred in training."]
    assert "notes" not in usual


def test_the_target_is_ignored_and_said_so(predict: Predict) -> None:
    found = answer(predict, {**EMPTY, "species": "small"})
    assert found.pop("notes") == ["column 'species' is what the model predicts, and was ignored."]
    assert found == answer(predict, EMPTY)


def test_columns_that_training_left_out_are_passed_over(saved: SavedModel) -> None:
    schema = saved.schema.with_left_out([*NAMES, "id", "species"])
    assert schema.left_out == ("id",)
    reader = RowReader(schema, OPTIONS, schema.left_out)
    body = json.dumps({**EMPTY, "id": {"of": "any kind"}}).encode()
    assert reader.read(body).notes == {}


def test_unknown_columns_are_refused_with_the_nearest_one_or_ignored_as_asked(
    saved: SavedModel, predict: Predict
) -> None:
    row = {**EMPTY, "color": "red"}
    assert "perhaps 'colour'" in refused(predict, row).error
    lenient = Predict(saved, replace(OPTIONS, unknown="ignore"))
    found = answer(lenient, row)
    assert found.pop("notes") == ["column 'color' is not known to the model, and was ignored."]
    assert found == answer(predict, EMPTY)


def test_a_name_may_differ_in_blanks(predict: Predict) -> None:
    row = {(" class " if name == "class" else name): value for name, value in EMPTY.items()}
    assert answer(predict, {**row, " class ": 50}) == answer(predict, {**EMPTY, "class": 50})


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("Culmen Length (mm)", "abc", "a number"),
        ("class", [1], "a number"),
        ("class", float("nan"), "a finite number"),
        ("class", float("-inf"), "a finite number"),
        ("class", 10**400, "a finite number"),
        ("colour", {"a": 1}, "a plain value"),
        ("fresh", "perhaps", "true or false"),
        ("fresh", 2, "true or false"),
        ("model_config", "31.5.2024", "a date"),
        ("größe", ["a"], "text"),
    ],
)
@pytest.mark.parametrize("others", [0, 3])
def test_a_value_that_does_not_fit_is_refused_by_row_and_column(
    predict: Predict, field: str, value: Any, expected: str, others: int
) -> None:
    found = refused(predict, [*[EMPTY] * others, {**EMPTY, field: value}])
    [only] = found.details
    assert (found.status, only.row, only.field) == (422, others, field)
    assert only.expected.startswith(expected)
    assert only.expected.endswith("or null")
    assert only.found


def test_a_number_beyond_all_others_is_refused(predict: Predict) -> None:
    body = json.dumps({**EMPTY, "class": 7}).replace(": 7", ": 1e999").encode()
    assert refused(predict, body).details[0].field == "class"


def test_a_column_of_which_no_value_fits_is_refused_row_by_row(predict: Predict) -> None:
    details = refused(predict, [{**EMPTY, "class": "x"}, {**EMPTY, "class": "y"}]).details
    assert [(each.row, each.found) for each in details] == [(0, '"x"'), (1, '"y"')]


def test_a_key_given_twice_is_refused(predict: Predict) -> None:
    body = json.dumps([EMPTY]).replace('"class": null', '"class": 5, "class": 6').encode()
    assert refused(predict, body).error == 'expected each key once in a row, found "class" twice'


def test_long_values_and_names_are_cut_short(predict: Predict) -> None:
    assert len(refused(predict, {**EMPTY, "class": "x" * 10_000}).details[0].found) < 100
    assert len(str(refused(predict, {**EMPTY, "y" * 10_000: 1}).details[0].field)) < 100


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([EMPTY] * 51, "at most 50 rows"),
        ([{f"x{i}": 1 for i in range(200)}], "at most 108 keys"),
        ([{**EMPTY, "größe": "x" * 5000}], "at most 4000 bytes"),
    ],
    ids=["rows", "keys", "bytes"],
)
def test_caps_are_looked_at_before_a_body_is_parsed(
    saved: SavedModel, rows: list[Any], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = Predict(saved, replace(OPTIONS, max_row=4000))

    def never(*_: Any) -> None:
        raise AssertionError("it was parsed")

    body = json.dumps(rows).encode()
    with monkeypatch.context() as patch:
        patch.setattr(json.JSONDecoder, "decode", never)
        with pytest.raises(Refusal) as caught:
            predict.predict(body)
    found = caught.value
    assert found.status == 413
    assert error in found.error


def test_commas_and_braces_within_texts_do_not_count_as_rows_and_keys(predict: Predict) -> None:
    text = '{[,"' * 3000
    assert answer(predict, {**EMPTY, "größe": text})


@pytest.mark.parametrize(
    ("column", "sent", "read_as"),
    [
        ("at", "07:43", "1970-01-01T07:43:00"),
        ("month", "2021-03", "2021-03-01"),
        ("engine", "1,248 CC", 1248.0),
        ("engine", 1248, 1248.0),
        ("km", "103k", 103_000.0),
        ("took", "1:30:00", 5400.0),
        ("dose", "-", None),
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
    )
    y = mlfw.Column(name="y", kind=number)
    schema = mlfw.Schema.of(columns=columns, target=y, task=mlfw.Task.regression)
    empty = {each.name: None for each in columns}

    def conformed(value: Any) -> Any:
        body = json.dumps({**empty, column: value}).encode()
        rows = RowReader(schema, OPTIONS).read(body).rows
        return mlfw.conform(pa.Table.from_pylist(rows), schema)[column].to_pylist()

    assert conformed(sent) == conformed(read_as)
