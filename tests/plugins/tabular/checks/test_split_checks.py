"""What the checks after the division find, and what they let be."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from check_tables import DAY, ROWS, Held, changed, clean, load, with_column
from mlfw import Action, LoadContext, Split, Splits
from mlfw_tabular.checks import check_splits
from mlfw_tabular.checks.drift import kolmogorov_smirnov, ks_by_chance

QUIET = {"all": Action.off}


def divided(table: pa.Table) -> Splits:
    splits = Held(rows=table, checks=QUIET).load(LoadContext())
    assert isinstance(splits, Splits)
    return splits


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(-5, 5), min_size=2, max_size=40),
    st.lists(st.integers(-5, 5), min_size=2, max_size=40),
)
def test_the_distance_of_two_samples_is_the_textbooks(first: list[int], second: list[int]) -> None:
    a, b = np.array(first, float), np.array(second, float)

    assert kolmogorov_smirnov(a, b) == pytest.approx(stats.ks_2samp(a, b, method="asymp").statistic)


def test_a_share_of_missing_values_is_a_distance_too() -> None:
    full, half = np.zeros(10), np.array([0.0, np.nan] * 5)

    assert kolmogorov_smirnov(full, half) == pytest.approx(0.5)
    assert kolmogorov_smirnov(half, half) == 0


def test_the_distance_by_chance_is_the_textbooks() -> None:
    assert ks_by_chance(100, 50, chance=0.05) == pytest.approx(1.358 * np.sqrt(150 / 5000), 1e-3)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 100_000), rows=st.integers(40, 300), words=st.integers(2, 60))
def test_a_random_division_does_not_drift(seed: int, rows: int, words: int) -> None:
    random = np.random.default_rng(seed)
    table = clean(rows, seed)
    table = with_column("town", [f"t{i}" for i in random.integers(0, words, rows)], table)
    table = with_column("tail", random.standard_cauchy(rows), table)

    checks = {**QUIET, "drift": Action.warn}

    assert Held(rows=table, checks=checks).load(LoadContext(seed=seed)).findings == ()


def test_categories_that_shift_drift_and_are_left_out_of_every_split() -> None:
    splits = divided(clean())
    red = pa.array(["red"] * splits.test.num_rows).dictionary_encode()
    test = with_column("colour", red, splits.test)

    fixed = check_splits(splits.replace(test=test), {"drift": Action.fix}, LoadContext())

    (finding,) = fixed.findings
    assert (finding.check, finding.column) == ("drift", "colour")
    assert "differs from training in test (PSI" in finding.message
    for rows in (fixed.train, fixed.validation, fixed.test):
        assert "colour" not in rows.column_names
    assert "colour" not in fixed.schema.names


def test_outliers_are_clipped_in_training_only() -> None:
    table = changed("size", range(12), 5000.0)
    before, after = load("outliers", "off", table), load("outliers", "fix", table)

    assert pc.max(before.train["size"]).as_py() == 5000
    assert pc.max(after.train["size"]).as_py() < 100
    assert pc.max(after.test["size"]).as_py() == 5000
    assert after.train["price"].equals(before.train["price"])


def test_a_whole_number_is_clipped_to_a_whole_number() -> None:
    train = load("outliers", "fix", changed("count", range(30), 5000.0)).train["count"].to_pylist()

    assert all(value == round(value) for value in train)


def test_unknown_categories_become_missing_in_validation_and_test() -> None:
    table = with_column("town", [f"town {i // 2}" for i in range(ROWS)])
    before, after = load("unseen", "off", table), load("unseen", "fix", table)

    known = set(before.train["town"].to_pylist())
    expected = [word if word in known else None for word in before.test["town"].to_pylist()]
    assert after.test["town"].to_pylist() == expected
    assert after.train.equals(before.train)


def test_rows_of_two_splits_leave_training_and_not_the_others() -> None:
    table = pa.concat_tables([clean(), clean().slice(0, 60)])
    before, after = load("overlap", "off", table), load("overlap", "fix", table)

    assert after.test.equals(before.test)
    held = {str(row) for rows in (after.validation, after.test) for row in rows.to_pylist()}
    assert not held & {str(row) for row in after.train.to_pylist()}
    assert after.train.num_rows == before.train.num_rows - after.findings[0].rows


def test_the_last_rows_of_a_class_stay_in_training() -> None:
    splits = divided(clean())
    held = splits.train.filter(pc.equal(splits.train["y"], "no"))

    found = check_splits(splits.replace(test=held), {"overlap": Action.fix}, LoadContext())

    assert set(found.train["y"].to_pylist()) == {"no", "yes"}


def test_a_date_that_came_later_cannot_have_been_known_in_training() -> None:
    start = np.datetime64("2020-01-01", "us").astype(np.int64)
    days = np.arange(ROWS)
    paid = np.where(days % 30 == 0, days + 100, days - 5)
    table = clean()
    for name, day in (("paid", paid), ("ordered", days)):
        dates = pa.array(start + day * DAY).cast(pa.timestamp("us"))
        table = with_column(name, dates, table)
    splits = divided(table.drop_columns("seen"))
    train, validation, test = (table.slice(*at) for at in ((0, 140), (140, 50), (190, 50)))
    by_time = Splits(train, validation, test, splits.schema)
    context = LoadContext(split=Split(time="ordered"))

    fixed = check_splits(by_time, {**QUIET, "future_dates": Action.fix}, context)

    (finding,) = fixed.findings
    assert finding.column == "paid"
    assert finding.message == "3 training rows later than 2020-05-20, where validation begins"
    assert pc.max(fixed.train["paid"]).as_py() < datetime(2020, 5, 20)
    assert fixed.test["paid"].equals(test["paid"])
    assert fixed.schema.column("paid").missing


def test_a_column_of_dates_to_come_is_let_be() -> None:
    dates = [datetime(2990 + i % 9, 1, 1) for i in range(ROWS)]

    assert load("future_dates", "warn", with_column("due", dates)).findings == ()
