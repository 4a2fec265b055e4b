"""Preparing learns from training rows only, leaves nothing missing, and survives being saved."""

from __future__ import annotations

import tracemalloc
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Column, Kind, Schema, Task, UserError
from mlfw_tabular import Preprocessor
from mlfw_tabular.prepare.datetimes import DatetimeEncoder

ROW = st.fixed_dictionaries(
    {
        "number": st.none() | st.floats(allow_nan=False),
        "category": st.none() | st.sampled_from("abcd"),
        "boolean": st.none() | st.booleans(),
        "datetime": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
        "text": st.none() | st.text("ab ", max_size=12),
    }
)
TYPES = pa.schema(
    {
        "number": pa.float64(),
        "category": pa.string(),
        "boolean": pa.bool_(),
        "datetime": pa.timestamp("us"),
        "text": pa.string(),
    }
)
SCHEMA = Schema.of(
    columns=tuple(Column(name=kind.value, kind=kind) for kind in Kind if kind.value in TYPES.names),
    target=Column(name="y", kind=Kind.number),
    task=Task.regression,
)


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, TYPES)


@given(st.lists(ROW, min_size=1, max_size=20), st.lists(ROW, max_size=20))
@settings(deadline=None, max_examples=30)
def test_any_rows_become_finite_numbers_of_the_fitted_width(
    train: list[dict[str, object]], later: list[dict[str, object]]
) -> None:
    preprocessor = Preprocessor.fit(table(train), SCHEMA)
    width = len(preprocessor.number_names) + sum(n - 1 for n in preprocessor.cardinalities)

    for rows in (train, later):
        matrix = preprocessor.matrix(table(rows))
        assert matrix.shape == (len(rows), width)
        assert np.isfinite(matrix).all()
        codes = preprocessor.transform(table(rows)).codes
        assert (codes >= 0).all()
        assert (codes < np.array(preprocessor.cardinalities)).all()


@given(st.lists(ROW, min_size=1, max_size=20))
@settings(deadline=None, max_examples=30)
def test_what_is_saved_prepares_the_same(rows: list[dict[str, object]]) -> None:
    import tempfile

    preprocessor = Preprocessor.fit(table(rows), SCHEMA)
    with tempfile.TemporaryDirectory() as folder:
        preprocessor.save(Path(folder))
        loaded = Preprocessor.load(Path(folder))

    assert np.array_equal(loaded.matrix(table(rows)), preprocessor.matrix(table(rows)))


def fit(name: str, values: list[object]) -> tuple[Preprocessor, pa.Table]:
    schema = Schema.of(columns=(SCHEMA.column(name),), target=SCHEMA.target, task=SCHEMA.task)
    rows = pa.table({name: pa.array(values, TYPES.field(name).type)})
    return Preprocessor.fit(rows, schema), rows


def test_columns_in_chunks_and_dictionaries_prepare_the_same() -> None:
    preprocessor, whole = fit("category", ["b", "a", None, "c", "b", "a"])
    chunks = [
        pa.array(["b", "a"]).dictionary_encode(),
        pa.array([None, "c", "new"], pa.string()).dictionary_encode(),
    ]
    table = pa.table({"category": pa.chunked_array(chunks)})

    assert preprocessor.transform(table).codes[:, 0].tolist() == [2, 1, 0, 3, 0]
    assert (
        Preprocessor.fit(
            pa.table({"category": whole["category"].combine_chunks().dictionary_encode()}),
            Schema.of((SCHEMA.column("category"),), SCHEMA.target, Task.regression),
        )
        == preprocessor
    )


def test_a_number_in_many_chunks_is_scaled_as_a_whole() -> None:
    preprocessor, rows = fit("number", [1.0, 3.0, None, 2.0])
    parts = pa.concat_tables([rows.slice(0, 1), rows.slice(1, 2), rows.slice(3)])

    assert parts["number"].num_chunks == 3
    assert np.array_equal(preprocessor.matrix(parts), preprocessor.matrix(rows))


def test_networks_take_text_as_tokens_and_estimators_as_numbers() -> None:
    preprocessor, rows = fit("text", ["red fish", "blue fish", None])

    assert preprocessor.names(network=True) == ()
    network = preprocessor.transform(rows, network=True)
    assert network.numbers.shape == (3, 0)
    assert network.numbers.dtype == np.float32
    assert network.tokens["text"].tolist() == [[1, 2], [1, 2], [0, 0]]
    assert preprocessor.texts["text"].cardinality == 3
    assert preprocessor.transform(rows).tokens == {}


def test_preparing_takes_little_more_memory_than_its_result() -> None:
    columns = [Column(name=f"n{i}", kind=Kind.number) for i in range(14)]
    columns += [Column(name=f"c{i}", kind=Kind.category) for i in range(6)]
    random = np.random.default_rng(0)
    words = pa.array(["a", "b", "c"])
    rows = pa.table(
        {
            column.name: pa.array(random.normal(size=200_000))
            if column.kind is Kind.number
            else words.take(pa.array(random.integers(0, 3, 200_000)))
            for column in columns
        }
    )
    schema = Schema.of(tuple(columns), SCHEMA.target, Task.regression)
    preprocessor = Preprocessor.fit(rows, schema)

    tracemalloc.start()
    features = preprocessor.transform(rows, dtype="float32")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1.5 * (features.numbers.nbytes + features.codes.nbytes)


def test_labels_are_refused_as_an_input() -> None:
    schema = Schema.of((Column(name="tags", kind=Kind.labels),), SCHEMA.target, Task.regression)

    with pytest.raises(UserError, match=r"tags.*predicted only"):
        Preprocessor.fit(pa.table({"tags": [["a"]]}), schema)


def test_numbers_are_scaled_and_their_absence_is_marked() -> None:
    preprocessor, rows = fit("number", [1.0, 3.0, None, 2.0])

    numbers = preprocessor.transform(rows).numbers

    assert preprocessor.number_names == ("number", "number is missing")
    assert numbers[:, 0].mean() == pytest.approx(0)
    assert numbers[:, 0].std() == pytest.approx(1)
    assert numbers[2].tolist() == [0.0, 1.0]


def test_a_huge_number_stays_within_single_precision() -> None:
    preprocessor, _ = fit("number", [1.0, 2.0, 3.0])

    matrix = preprocessor.matrix(pa.table({"number": [1e300, -1e300]}))

    assert np.isfinite(matrix.astype(np.float32)).all()


def test_an_unknown_category_has_a_code_of_its_own() -> None:
    preprocessor, _ = fit("category", ["b", "a", None])
    later = pa.table({"category": ["a", "b", "never seen", None]})

    assert preprocessor.cardinalities == (3,)
    assert preprocessor.transform(later).codes[:, 0].tolist() == [1, 2, 0, 0]
    assert preprocessor.matrix(later).tolist() == [[1, 0], [0, 1], [0, 0], [0, 0]]


def test_one_day_later_is_one_seventh_further_round_the_week() -> None:
    preprocessor, rows = fit("datetime", [datetime(2024, 1, 1), datetime(2024, 1, 8)])
    place = preprocessor.number_names.index("datetime sine of week")

    numbers = preprocessor.transform(rows).numbers

    assert numbers[0, place] == pytest.approx(0, abs=1e-9)
    assert numbers[0, place : place + 2] == pytest.approx(numbers[1, place : place + 2], abs=1e-9)


def test_equal_sines_are_equal_to_the_last_bit() -> None:
    """A tree could divide them otherwise, and every library computes other last bits."""
    encoder = DatetimeEncoder(column="d", parts=("week",), mean=0.0, deviation=1.0)
    hours = np.arange(7 * 24) / 24 + 19_723

    waves = encoder.apply(np, hours[:, None], DatetimeEncoder.stack([encoder]))

    # Each but the highest and the lowest occurs twice in a turn.
    assert [len(np.unique(waves[:, 0, wave])) for wave in (0, 1)] == [85, 85]


def test_words_that_occur_once_in_training_do_not_count() -> None:
    preprocessor, _ = fit("text", ["red fish", "blue fish", "Red hat"])

    assert sorted(preprocessor.number_names) == ["text has fish", "text has red"]
