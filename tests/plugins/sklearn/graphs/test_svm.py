"""Support vector machines give the same results as ONNX graphs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from estimator_graph import EXTREMES, FEATURES, Pair, rows, schema
from mlfw_sklearn.models import SVM, Kernel


@cache
def fitted(kernel: Kernel, classes: int, gamma: float | None = None) -> Pair:
    estimator = SVM(kernel=kernel, gamma=gamma).build(schema(classes))
    return Pair(estimator.fit(*rows(classes, 40 * max(classes, 2))), classes)


@pytest.mark.parametrize("classes", [2, 3, 6, 0])
@pytest.mark.parametrize("kernel", Kernel)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_the_graph_predicts_what_the_estimator_does(
    kernel: Kernel, classes: int, data: st.DataObject
) -> None:
    pair = fitted(kernel, classes)
    shape = (data.draw(st.integers(0, 20)), FEATURES)
    noise = np.random.default_rng(data.draw(st.integers(0, 1000))).normal(size=shape)
    size = data.draw(st.sampled_from([0.01, 1.0, 100.0, 1e6 if kernel is Kernel.rbf else 1.0]))
    # The sums of a linear or polynomial kernel cancel, in scikit-learn as here.
    pair.check(noise * size, within=1e-12 if kernel is Kernel.rbf else 1e-10)


@pytest.mark.parametrize("classes", [2, 3])
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_rows_far_from_all_others(classes: int, data: st.DataObject) -> None:
    pair = fitted(Kernel.rbf, classes)
    elements = st.sampled_from(EXTREMES) | st.floats(-1e30, 1e30)
    pair.check(data.draw(arrays(np.float64, (5, FEATURES), elements=elements)))


@pytest.mark.parametrize("gamma", [1.0, 100.0])
def test_features_far_from_zero_keep_their_digits(gamma: float) -> None:
    x, y = rows(2, 100)
    x[:, 1] += 1e6
    estimator = SVM(gamma=gamma).build(schema(2)).fit(x, y)
    Pair(estimator, 2).check(x + 1e-3)
    near = np.delete(x, 1, axis=1)
    Pair(SVM(gamma=gamma).build(schema(2)).fit(near + 1e6, y), 2).check(near + 1e6)


def test_a_class_without_rows_has_probability_0() -> None:
    x, y = rows(3, 90)
    pair = Pair(SVM().build(schema(4)).fit(x, np.array([3, 0, 2])[y]), 4)
    pair.check(x)
    assert (pair.run(x)[:, 1] == 0).all()


def test_one_classifier_a_fold() -> None:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    x, y = rows(3, 90)
    Pair(CalibratedClassifierCV(SVC(), ensemble=True, cv=2).fit(x, y), 3).check(x)
