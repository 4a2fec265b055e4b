"""Values become their kind's storage type, or the row that does not fit is named."""

from __future__ import annotations

import math
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Kind
from mlfw.schema.cast import MISSING_WORDS, CastError, cast, read_or_none, storage_type


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@settings(deadline=None)
def test_numbers_survive_being_written_as_text(values: list[float | None]) -> None:
    text = pa.array([None if v is None else repr(v) for v in values], pa.string())

    assert cast(text, Kind.number).to_pylist() == values


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.image])
@pytest.mark.parametrize("word", MISSING_WORDS)
def test_words_for_a_missing_value_are_missing(kind: Kind, word: str) -> None:
    missing = cast(pa.array([word, f" {word} "]), kind)

    # No label is an answer, too.
    assert missing.to_pylist() == ([[], []] if kind is Kind.labels and not word else [None, None])


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
        (" 2024-05-31 ", datetime(2024, 5, 31)),
        ("2024-5-1", datetime(2024, 5, 1)),
        ("2024-05-31T14:30:00.123456789Z", datetime(2024, 5, 31, 14, 30, 0, 123456)),
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


def test_a_category_is_stored_as_a_dictionary_of_its_trimmed_words() -> None:
    words = cast(pa.array(["b", " b ", "NA", None, "a"]), Kind.category)

    assert words.type == storage_type(Kind.category) == pa.dictionary(pa.int32(), pa.string())
    assert words.dictionary.to_pylist() == ["b", "a"]
    assert words.to_pylist() == ["b", "b", None, None, "a"]
    assert cast(words, Kind.category).equals(words)
    assert cast(words, Kind.text).to_pylist() == words.to_pylist()


def test_a_value_of_a_dictionary_that_no_row_has_does_not_count() -> None:
    held = pa.DictionaryArray.from_arrays(pa.array([0, 0]), pa.array(["1", "x"]))

    assert cast(held, Kind.number).to_pylist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("delimiter", "values", "labels"),
    [
        (";", ["a; b", " c ", "a;;b;"], [["a", "b"], ["c"], ["a", "b"]]),
        ("", ["a;b", None], [["a;b"], None]),
        (",", ["", " ", "a", "NA"], [[], [], ["a"], None]),
    ],
)
def test_labels_are_split_and_trimmed(
    delimiter: str, values: list[str], labels: list[list[str] | None]
) -> None:
    assert cast(pa.array(values), Kind.labels, delimiter).to_pylist() == labels


def test_a_whole_number_too_large_for_a_double_is_rounded_as_its_text_is() -> None:
    large = 2**60 + 1

    typed, text = (cast(pa.array([v]), Kind.number) for v in (large, str(large)))

    assert typed.to_pylist() == text.to_pylist() == [float(large)]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.image])
@given(values=st.lists(st.none() | st.text(max_size=5), max_size=5))
@settings(deadline=None, max_examples=40)
def test_any_text_is_cast_to_the_storage_type_or_refused(
    kind: Kind, values: list[str | None]
) -> None:
    column = pa.array(values, pa.string())
    typed = read_or_none(column, kind)
    if typed is None:
        with pytest.raises(CastError) as error:
            cast(column, kind)
        assert values[error.value.row] == error.value.value
    else:
        assert typed.type == storage_type(kind)
        assert len(typed) == len(values)
