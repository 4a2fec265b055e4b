"""What scikit-learn predicts where there is a single class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_sklearn.graphs.converters import converter, no_form
from mlfw_sklearn.graphs.functions import repeated

if TYPE_CHECKING:
    from mlfw_onnx import Tensor


@converter("sklearn.dummy.DummyClassifier", method="predict_proba")
def probabilities(estimator: Any, x: Tensor) -> Tensor:
    """Add the shares that the classes have in the training rows."""
    if estimator.strategy != "prior":
        raise no_form(estimator, f"strategy={estimator.strategy!r}")
    return repeated(estimator.class_prior_, x)
