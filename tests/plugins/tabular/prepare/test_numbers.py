"""Numbers are filled and scaled as their options say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlfw import Column, Kind, Schema, Task
from mlfw_tabular import Preprocessor


def fit(values: list[float | None], **options: Any) -> tuple[Preprocessor, pa.Table]:
    schema = Schema.of(
        (Column(name="x", kind=Kind.number, prepare=options),),
        Column(name="y", kind=Kind.number),
        Task.regression,
    )
    rows = pa.table({"x": pa.array(values, pa.float64())})
    return Preprocessor.fit(rows, schema), rows


def prepared(values: list[float | None], **options: Any) -> np.ndarray:
    preprocessor, rows = fit(values, **options)
    return preprocessor.matrix(rows)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"impute": "median"}, 2.0),
        ({"impute": "mean"}, 4.0),
        ({"impute": "mode"}, 1.0),
        ({"impute": "constant", "fill": -7}, -7.0),
    ],
)
def test_what_is_missing_is_filled(options: dict[str, Any], expected: float) -> None:
    matrix = prepared([1.0, 1.0, None, 2.0, 5.0, 11.0], scale="none", **options)

    assert matrix[2].tolist() == [expected, 1.0]


@pytest.mark.parametrize(("when", "width"), [("auto", 1), ("always", 2), ("never", 1)])
def test_an_indicator_is_there_when_asked_for(when: str, width: int) -> None:
    assert prepared([1.0, 2.0], indicator=when).shape[1] == width
    assert prepared([1.0, None], indicator=when).shape[1] == (1 if when == "never" else 2)


def test_quantiles_follow_a_normal_distribution_whatever_the_values() -> None:
    values = np.exp(3 * np.random.default_rng(0).normal(size=5000))

    scaled = prepared(values.tolist(), scale="quantile")[:, 0]

    assert scaled.mean() == pytest.approx(0, abs=0.02)
    assert scaled.std() == pytest.approx(1, abs=0.05)
    assert (np.argsort(scaled, kind="stable") == np.argsort(values, kind="stable")).mean() > 0.95


def test_quantiles_end_where_training_ended() -> None:
    preprocessor, rows = fit([float(i) for i in range(1000)], scale="quantile")
    later = preprocessor.matrix(pa.table({"x": [-1e300, -1.0, 999.0, 1e300]}))[:, 0]

    assert later[0] == later[1] == preprocessor.matrix(rows).min()
    assert later[2] == later[3] == preprocessor.matrix(rows).max()


def test_minmax_robust_and_log_do_what_they_say() -> None:
    assert prepared([3.0, 5.0, 4.0], scale="minmax")[:, 0].tolist() == [0.0, 1.0, 0.5]
    assert prepared([1.0, 2.0, 3.0, 4.0, 1e9], scale="robust")[2, 0] == 0.0
    logs = prepared([-(np.e - 1), 0.0, np.e - 1], scale="log")[:, 0]
    assert logs == pytest.approx([-np.sqrt(1.5), 0, np.sqrt(1.5)])


@pytest.mark.parametrize("scale", ["standard", "robust", "minmax", "log", "quantile", "none"])
@pytest.mark.parametrize("values", [[], [None], [5.0, 5.0], [1e308, -1e308, float("inf")]])
def test_strange_columns_stay_finite_in_single_precision(
    scale: str, values: list[float | None]
) -> None:
    preprocessor, _ = fit(values, scale=scale)
    later = pa.table({"x": pa.array([None, 1e308, -1e308, 0.0, float("-inf"), float("nan")])})

    assert np.isfinite(preprocessor.transform(later, dtype="float32").numbers).all()
