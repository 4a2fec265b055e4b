"""Other plugins register converters, and an estimator without one is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from estimator_graph import Pair, rows
from mlfw import UserError
from mlfw_onnx import Tensor
from mlfw_sklearn.graphs import convert, converter


class Halved(DecisionTreeRegressor):
    """Predicts half of what a tree does, so that the tree's converter would be wrong."""

    def predict(self, X: Any, check_input: bool = True) -> Any:
        return super().predict(X, check_input) / 2


class Constant(Ridge):
    """Predicts the same for every row."""

    def predict(self, X: Any) -> Any:
        return np.full(len(X), 3.5)


Constant.__module__ = "tests_of_converters"  # where `converter` finds it by name


def test_a_single_class_is_certain() -> None:
    x, _ = rows(2, 10)
    pair = Pair(DummyClassifier().fit(x, np.full(10, 1)), 3)
    pair.check(x, exact=True)
    assert np.array_equal(pair.run(x), np.tile([0.0, 1.0, 0.0], (10, 1)))


def test_a_plugin_registers_a_converter(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    module = ModuleType(Constant.__module__)
    module.Constant = Constant  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)

    @converter(f"{module.__name__}.Constant", method="predict")
    def constant(estimator: Any, x: Tensor) -> Tensor:
        return x[:, 0:1].reshape(-1) * 0.0 + 3.5

    Pair(Constant().fit(*rows(0, 10)), 0).check(rows(0, 10)[0], exact=True)


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (KNeighborsRegressor(), "KNeighborsRegressor"),
        (Halved(), "Halved"),
        (HistGradientBoostingRegressor(loss="poisson"), "loss='poisson'"),
        (HistGradientBoostingRegressor(categorical_features=[0]), "categorical features"),
        (TransformedTargetRegressor(Ridge(), transformer=MinMaxScaler()), "MinMaxScaler"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_regressor_without_an_onnx_form(estimator: Any, named: str) -> None:
    x, y = rows(0, 40)
    x[:, 0] = x[:, 0] > 0
    pair = Pair(estimator.fit(x, y), 0)
    with pytest.raises(UserError, match=named) as error:
        pair.run(x)
    assert "no ONNX form" in error.value.problem
    assert "mlfw_sklearn.converter" in error.value.remedy


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (KNeighborsClassifier(), "KNeighborsClassifier"),
        (CalibratedClassifierCV(SVC(kernel="sigmoid"), ensemble=False), "kernel='sigmoid'"),
        (CalibratedClassifierCV(SVC(decision_function_shape="ovo"), ensemble=False), "'ovo'"),
        (CalibratedClassifierCV(SVC(), method="isotonic", ensemble=False), "method='isotonic'"),
        (CalibratedClassifierCV(KNeighborsClassifier(), ensemble=False), "KNeighborsClassifier"),
        (SGDClassifier(loss="modified_huber"), "loss='modified_huber'"),
        (DummyClassifier(strategy="uniform"), "strategy='uniform'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_classifier_without_an_onnx_form(estimator: Any, named: str) -> None:
    x, y = rows(3, 60)
    with pytest.raises(UserError, match=named):
        Pair(estimator.fit(x, y), 3).run(x)


def test_convert_takes_the_name_of_a_method() -> None:
    x, y = rows(2, 20)
    with pytest.raises(UserError, match="KNeighborsClassifier"):
        convert(KNeighborsClassifier().fit(x, y), "decision_function", None)  # type: ignore[arg-type]
