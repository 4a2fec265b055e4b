"""Values become their kind's storage type, or the row that does not fit is named."""

from __future__ import annotations

import math
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Kind
from mlfw.schema.cast import MISSING_WORDS, CastError, cast


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@settings(deadline=None)
def test_numbers_survive_being_written_as_text(values: list[float | None]) -> None:
    text = pa.array([None if v is None else repr(v) for v in values], pa.string())

    assert cast(text, Kind.number).to_pylist() == values


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.image])
@pytest.mark.parametrize("word", MISSING_WORDS)
def test_words_for_a_missing_value_are_missing(kind: Kind, word: str) -> None:
    assert cast(pa.array([word, f" {word} "]), kind).null_count == 2


def test_a_nan_is_missing() -> None:
    assert cast(pa.array([math.nan, 1.0]), Kind.number).to_pylist() == [None, 1.0]


@pytest.mark.parametrize(
    ("word", "value"), [("yes", True), ("N", False), (" True ", True), ("0", False), ("1", True)]
)
def test_words_become_booleans(word: str, value: bool) -> None:
    assert cast(pa.array([word]), Kind.boolean).to_pylist() == [value]


def test_numbers_become_booleans_only_where_they_are_0_or_1() -> None:
    assert cast(pa.array([0, 1]), Kind.boolean).to_pylist() == [False, True]
    with pytest.raises(CastError) as error:
        cast(pa.array([0, 1, 2]), Kind.boolean)
    assert (error.value.row, error.value.value) == (2, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-05-31", datetime(2024, 5, 31)),
        ("2024-05-31 14:30", datetime(2024, 5, 31, 14, 30)),
        ("2024-05-31T14:30:00Z", datetime(2024, 5, 31, 14, 30)),
        ("2024-05-31T14:30:00+02:00", datetime(2024, 5, 31, 12, 30)),
    ],
)
def test_dates_are_read_as_utc(text: str, value: datetime) -> None:
    assert cast(pa.array([text]), Kind.datetime).to_pylist() == [value]


@pytest.mark.parametrize(
    ("values", "kind", "row"),
    [
        (["1", "2", "x"], Kind.number, 2),
        (["yes", "maybe"], Kind.boolean, 1),
        (["2024-01-01", "yesterday"], Kind.datetime, 1),
        ([1.5], Kind.datetime, 0),
        ([None, [1]], Kind.category, 1),
    ],
)
def test_the_row_that_does_not_fit_is_named(values: list[object], kind: Kind, row: int) -> None:
    with pytest.raises(CastError) as error:
        cast(pa.array(values), kind)

    assert error.value.row == row
    assert error.value.value == values[row]


def test_a_number_and_its_text_are_the_same_category() -> None:
    numbers = cast(pa.array([1.0, 2.5, 3.0]), Kind.category)

    assert numbers.to_pylist() == cast(pa.array(["1", "2.5", "3"]), Kind.category).to_pylist()
