"""MAE, RMSE and R2 agree with scikit-learn over all magnitudes of the target."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

import mlfw
from mlfw_torchmetrics.regression import MAE, R2, RMSE, RegressionMetric

SCHEMA = mlfw.Schema.of(
    columns=(), target=mlfw.Column(name="y", kind=mlfw.Kind.number), task=mlfw.Task.regression
)


def compute(metric: RegressionMetric, target: np.ndarray, predicted: np.ndarray) -> float:
    table = mlfw.predictions_table(SCHEMA, predicted)
    return metric.compute(pa.array(target, pa.float64()), table, SCHEMA)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(2, 40),
    st.sampled_from([1e-9, 1e-3, 1.0, 1e9]),
    st.sampled_from([0.0, -3.0, 1e6]),
)
def test_values_are_those_of_scikit_learn(
    seed: int, rows: int, scale: float, offset: float
) -> None:
    noise = np.random.default_rng(seed)
    target = scale * (noise.normal(size=rows) + offset)
    predicted = target + scale * noise.normal(size=rows)
    expected = {
        MAE: sk.mean_absolute_error(target, predicted),
        RMSE: sk.root_mean_squared_error(target, predicted),
        R2: sk.r2_score(target, predicted),
    }
    for metric, value in expected.items():
        assert compute(metric(), target, predicted) == pytest.approx(value, rel=1e-6, abs=1e-15)


def test_a_perfect_prediction_has_no_error_and_explains_all() -> None:
    target = np.array([1.0, 2.0, 4.0])
    assert compute(MAE(), target, target) == 0.0
    assert compute(RMSE(), target, target) == 0.0
    assert compute(R2(), target, target) == 1.0


def test_the_mean_explains_nothing() -> None:
    target = np.array([1.0, 2.0, 6.0])
    assert compute(R2(), target, np.full(3, 3.0)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("target", [[], [1.0], [0.1, 0.1, 0.1]])
def test_r2_is_undefined_without_any_spread(target: list[float]) -> None:
    assert math.isnan(compute(R2(), np.array(target), np.arange(float(len(target)))))


def test_without_rows_an_error_is_undefined() -> None:
    for metric in (MAE(), RMSE()):
        assert math.isnan(compute(metric, np.array([]), np.array([])))


def test_smaller_errors_are_better_and_a_larger_r2_is() -> None:
    assert RMSE.higher_is_better is MAE.higher_is_better is False
    assert R2.higher_is_better is True
