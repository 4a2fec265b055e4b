"""Distributions describe a column and give away no row of it."""

from __future__ import annotations

import json

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from mlfw import Kind
from mlfw.schema.distribution import LEAST_ROWS, MOST_BINS, Distribution, bin_counts

numbers = st.one_of(
    st.floats(-1e300, 1e300), st.integers(-5, 5).map(float), st.sampled_from([0.0, 1e-300, np.pi])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers | st.none(), max_size=300))
def test_numbers_are_counted_in_bins_of_ten_rows_or_more(values: list[float | None]) -> None:
    known = np.array([value for value in values if value is not None])

    found = Distribution.of(pa.array(values, pa.float64()), Kind.number)

    assert (found.rows, found.missing) == (len(values), len(values) - len(known))
    assert list(found.edges) == sorted(set(found.edges))
    if len(known) < LEAST_ROWS:
        assert found.counts == ()
        return
    assert found.counts == tuple(bin_counts(known, found.edges))
    assert sum(found.counts) == len(known)
    assert min(found.counts) >= LEAST_ROWS
    assert len(found.counts) <= MOST_BINS + 1


def test_a_value_that_occurs_often_has_a_bin_of_its_own() -> None:
    values = np.concatenate([np.zeros(500), np.linspace(-9, -1, 100), np.linspace(1, 9, 400)])

    found = Distribution.of(pa.array(values), Kind.number)

    assert 500 in found.counts


def test_no_edge_is_a_value_and_no_extreme_value_is_kept() -> None:
    values = np.round(np.random.default_rng(0).normal(50_000, 9_000, 2_000), 2)
    values[7] = 98_765_432.1

    found = Distribution.of(pa.array(values), Kind.number)

    assert not set(found.edges) & set(values)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= values.min()
    assert np.sort(values)[-2] <= found.high < 200_000


def test_the_range_holds_the_values_without_extreme_ones() -> None:
    found = Distribution.of(pa.array(np.linspace(3.14159, 8.7654, 100)), Kind.number)

    assert (found.low, found.high) == (3.1, 8.8)


def test_rare_categories_are_counted_together_or_not_at_all() -> None:
    common, rare = ["a"] * 30 + ["b"] * 10, [f"name {number}" for number in range(12)]
    many = Distribution.of(pa.array([*common, *rare, None]), Kind.category)
    few = Distribution.of(pa.array([*common, *rare[:9], None]), Kind.category)
    none = Distribution.of(pa.array(rare[:9]), Kind.category)

    assert (many.rows, many.missing, many.other) == (53, 1, 12)
    assert many.categories == {"a": 30, "b": 10}
    assert (few.rows, few.categories, few.other) == (50, {"a": 30}, 19)
    assert (none.rows, none.categories, none.other) == (0, {}, 0)
    assert "name" not in json.dumps(many.to_json())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array(np.arange(100.0)), Kind.number),
        (pa.array(["x" * (n % 7) for n in range(100)]), Kind.text),
        (pa.array(np.arange(100) * 86_400_000_000, pa.timestamp("us")), Kind.datetime),
        (pa.array(["a", "b"] * 20).dictionary_encode(), Kind.category),
        (pa.array([True, None] * 20), Kind.boolean),
        (pa.array([["a"], ["a", "b"], []] * 20), Kind.labels),
        (pa.array([b"image", None]), Kind.image),
        (pa.array([], pa.float64()), Kind.number),
        (pa.array([5.0] * 40), Kind.number),
    ],
)
def test_it_comes_back_from_json(values: pa.Array, kind: Kind) -> None:
    found = Distribution.of(values, kind)

    assert Distribution.from_json(json.loads(json.dumps(found.to_json()))) == found
