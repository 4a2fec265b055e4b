"""Linear models give the same results as ONNX graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from estimator_graph import FEATURES, Pair, rows, schema
from mlfw_sklearn.models import Linear


def streamed(classes: int) -> Any:
    """Return what learns from rows that are streamed, as this plugin makes it."""
    from sklearn.linear_model import SGDClassifier

    x, y = rows(classes, 300)
    estimator = SGDClassifier(loss="log_loss", alpha=1e-3, average=True, random_state=0)
    return estimator.partial_fit(x, y, classes=np.arange(classes))


PAIRS = {
    **{f"{n} classes": Pair(Linear().build(schema(n)).fit(*rows(n, 300)), n) for n in (2, 3, 20)},
    **{f"streamed, {n} classes": Pair(streamed(n), n) for n in (2, 4)},
    "values": Pair(Linear().build(schema(0)).fit(*rows(0, 300)), 0),
}


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_graph_predicts_what_the_estimator_does(name: str, data: st.DataObject) -> None:
    most = data.draw(st.sampled_from([1.0, 1e3, 1e30]))
    shape = (data.draw(st.integers(0, 20)), FEATURES)
    PAIRS[name].check(data.draw(arrays(np.float64, shape, elements=st.floats(-most, most))))


def test_where_every_class_is_impossible_all_are_as_likely() -> None:
    pair = PAIRS["streamed, 4 classes"]
    weights, bias = pair.estimator.coef_, pair.estimator.intercept_
    row = np.linalg.lstsq(weights, np.full(4, -2000.0) - bias, rcond=None)[0][None]
    assert (pair.estimator.decision_function(row) < -1000).all()
    assert np.array_equal(pair.run(row), np.full((1, 4), 0.25))
    pair.check(row)


def test_a_class_without_rows_has_probability_0() -> None:
    x, y = rows(3, 200)
    pair = Pair(Linear().build(schema(5)).fit(x, np.array([4, 1, 2])[y]), 5)
    pair.check(x)
    assert (pair.run(x)[:, [0, 3]] == 0).all()
