"""Linear models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_onnx import arrays
from mlfw_sklearn.graphs.converters import converter, no_form
from mlfw_sklearn.graphs.functions import logistic, normalised, two_classes

if TYPE_CHECKING:
    from mlfw_onnx import Tensor

DEFAULT = ("auto", "deprecated")  # of a parameter that scikit-learn is about to remove


@converter("sklearn.linear_model.Ridge", method="predict")
def values(estimator: Any, x: Tensor) -> Tensor:
    """Add the weighted sums of the features."""
    return scores(estimator, x)[:, 0]


@converter("sklearn.linear_model.LogisticRegression", method="predict_proba")
def logistic_regression(estimator: Any, x: Tensor) -> Tensor:
    """Add the logistic function, or the softmax, of the weighted sums."""
    several = getattr(estimator, "multi_class", DEFAULT[0])
    if several not in DEFAULT:
        raise no_form(estimator, f"multi_class={several!r}")
    if len(estimator.classes_) == 2 or estimator.solver == "liblinear":
        return one_against_others(estimator, x)
    return arrays.softmax(scores(estimator, x))


@converter("sklearn.linear_model.SGDClassifier", method="predict_proba")
def gradient_descent(estimator: Any, x: Tensor) -> Tensor:
    """Add the logistic function of the weighted sums."""
    if estimator.loss != "log_loss":
        raise no_form(estimator, f"loss={estimator.loss!r}")
    return one_against_others(estimator, x)


def one_against_others(estimator: Any, x: Tensor) -> Tensor:
    """Add the logistic function of each class's sum, made to add up to 1."""
    each = logistic(scores(estimator, x))
    classes = len(estimator.classes_)
    return two_classes(each) if classes == 2 else normalised(each, classes)


@converter(
    "sklearn.linear_model.LogisticRegression",
    "sklearn.linear_model.SGDClassifier",
    method="decision_function",
)
def scores(estimator: Any, x: Tensor) -> Tensor:
    """Add the weighted sums, float64 [rows, 1 or classes]."""
    import numpy as np

    weights = np.atleast_2d(estimator.coef_).T
    bias = np.asarray(estimator.intercept_, np.float64)
    return x @ x.graph.constant(weights, np.float64) + x.graph.constant(bias)
