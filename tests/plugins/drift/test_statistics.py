"""Chance alone is not called drift, and drift is not called chance."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import ks_2samp

from mlfw import Column, Kind
from mlfw.schema.distribution import Distribution, bin_counts
from mlfw_drift.judge import judge
from mlfw_drift.report import ColumnDrift, Verdict
from mlfw_drift.statistics import (
    adjusted,
    chance_index,
    merged_bins,
    rows_needed,
    smirnov,
    stability_index,
)
from mlfw_drift.tally import Tally

KINDS = [Kind.number, Kind.category, Kind.boolean, Kind.text, Kind.datetime, Kind.labels]


def values(kind: Kind, random: np.random.Generator, rows: int, shift: float = 0.0) -> pa.Array:
    drawn = random.normal(shift, 1, rows)
    missing = random.random(rows) < 0.05
    if kind is Kind.number:
        return pa.array(drawn, mask=missing)
    if kind is Kind.boolean:
        return pa.array(drawn > 0.5, mask=missing)
    if kind is Kind.text:
        return pa.array(["x" * max(int(20 + 6 * each), 0) for each in drawn], mask=missing)
    if kind is Kind.datetime:
        return pa.array((drawn * 1e13).astype(np.int64), pa.timestamp("us"), mask=missing)
    words = [f"c{min(max(round(each), -2), 2)}" for each in drawn]
    if kind is Kind.labels:
        return pa.array([[word] for word in words])
    return pa.array(words, mask=missing).dictionary_encode()


def column(kind: Kind) -> Column:
    categories = tuple(f"c{number}" for number in range(-2, 3))
    named = kind in (Kind.category, Kind.labels)
    return Column(name="it", kind=kind, categories=categories if named else ())


def judged(kind: Kind, before: pa.Array, now: pa.Array, others: int = 0) -> ColumnDrift:
    tally = Tally(column=column(kind), before=Distribution.of(before, kind))
    tally.add(now)
    copies = []
    for number in range(others):
        copies.append(Tally(column=Column(name=f"o{number}", kind=kind), before=tally.before))
        copies[-1].add(before)
    (first, *_), _ = judge([tally, *copies], [], {"it": 1.0})
    return first


@pytest.mark.parametrize("later", [12, 100, 2_000])
def test_chance_is_seldom_called_drift(later: int) -> None:
    random = np.random.default_rng(later)
    false = 0
    for _ in range(20):
        tallies = []
        for kind in [*KINDS, *KINDS]:
            before = Distribution.of(values(kind, random, 300), kind)
            tallies.append(Tally(column=Column(name="it", kind=kind), before=before))
            tallies[-1].add(values(kind, random, later))
        false += any(each.moved for each in judge(tallies, [], None)[0])

    assert false <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_change_of_any_kind_is_found(kind: Kind) -> None:
    random = np.random.default_rng(3)
    before, now = values(kind, random, 1_000), values(kind, random, 500, shift=1.0)

    assert judged(kind, before, now, others=20).verdict is Verdict.large


def test_few_rows_are_not_called_as_in_training() -> None:
    random = np.random.default_rng(4)
    before, now = values(Kind.number, random, 1_000), values(Kind.number, random, 12)
    found = judged(Kind.number, before, now)

    assert found.verdict is Verdict.unsure
    assert found.rows_needed is not None
    assert found.rows_needed > 12


def test_many_rows_do_not_make_a_small_change_drift() -> None:
    random = np.random.default_rng(5)
    before = values(Kind.number, random, 50_000)
    found = judged(Kind.number, before, values(Kind.number, random, 50_000, shift=0.05))

    assert found.p_value < 0.001
    assert found.verdict is Verdict.stable


def test_a_column_that_is_missing_now_has_moved() -> None:
    random = np.random.default_rng(6)
    before = values(Kind.number, random, 1_000)
    found = judged(Kind.number, before, pa.nulls(500, pa.float64()))

    assert found.verdict is Verdict.large
    assert found.missing[1] == 1.0
    assert found.median is None


def test_the_distance_is_that_of_scipy_but_for_the_bins() -> None:
    random = np.random.default_rng(7)
    first, second = random.normal(0, 1, 2_000), random.normal(0.3, 1.2, 900)
    edges = Distribution.of(pa.array(first), Kind.number).edges
    distance, p = smirnov(bin_counts(first, edges), bin_counts(second, edges))
    exact = ks_2samp(first, second, method="asymp")

    assert exact.statistic - 0.06 < distance <= exact.statistic + 1e-12
    assert p >= exact.pvalue


def test_chance_gives_the_index_that_is_taken_off() -> None:
    random, share = np.random.default_rng(8), np.full(8, 1 / 8)
    found = [
        stability_index(random.multinomial(400, share), random.multinomial(300, share))
        for _ in range(300)
    ]

    assert np.mean(found) == pytest.approx(chance_index(400, 300, 8), rel=0.1)


def test_the_rows_needed_show_the_index() -> None:
    needed = rows_needed(2_000, 10, 0.25, 0.001)

    assert needed is not None
    assert 100 < needed < 200
    assert rows_needed(50, 10, 0.25, 0.001) is None


def test_adjusted_p_values_are_those_of_holm() -> None:
    assert adjusted([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjusted([]) == []


@pytest.mark.parametrize("ordered", [True, False])
def test_bins_are_joined_until_each_has_enough_rows(ordered: bool) -> None:
    random = np.random.default_rng(9)
    first, second = random.integers(0, 40, 30), random.integers(0, 4, 30)
    one, two = merged_bins(first, second, ordered=ordered)

    assert (one.sum(), two.sum()) == (first.sum(), second.sum())
    expected = (one + two) / (one.sum() + two.sum()) * min(one.sum(), two.sum())
    assert (expected >= 5).sum() >= len(expected) - (not ordered)
