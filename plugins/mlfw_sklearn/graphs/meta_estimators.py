"""Meta-estimators: calibrated classifiers, and regressors of a scaled target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_sklearn.graphs.converters import convert, converter, no_form
from mlfw_sklearn.graphs.functions import logistic, normalised, two_classes

if TYPE_CHECKING:
    from mlfw_onnx import Tensor


@converter("sklearn.calibration.CalibratedClassifierCV", method="predict_proba")
def probabilities(estimator: Any, x: Tensor) -> Tensor:
    """Add the mean of the probabilities of one classifier, or of one per fold (Platt 1999)."""
    if estimator.method != "sigmoid":
        raise no_form(estimator, f"method={estimator.method!r}")
    first, *others = [_calibrated(each, x) for each in estimator.calibrated_classifiers_]
    total = first
    for each in others:
        total = total + each
    return total / (1 + len(others)) if others else total


def _calibrated(calibrated: Any, x: Tensor) -> Tensor:
    import numpy as np

    classes = len(calibrated.classes)
    if len(calibrated.estimator.classes_) < classes:
        raise no_form(calibrated.estimator, "folds without rows of a class")
    scores = convert(calibrated.estimator, "decision_function", x)
    slopes = np.array([each.a_ for each in calibrated.calibrators])
    shifts = np.array([each.b_ for each in calibrated.calibrators])
    graph = x.graph
    logits = scores * graph.constant(-slopes) - graph.constant(shifts)
    each = logistic(logits)
    return two_classes(each) if classes == 2 else normalised(each, classes)


@converter("sklearn.compose.TransformedTargetRegressor", method="predict")
def values(estimator: Any, x: Tensor) -> Tensor:
    """Add the regressor's values, scaled back."""
    from sklearn.preprocessing import StandardScaler

    scaler = estimator.transformer_
    if type(scaler) is not StandardScaler:
        raise no_form(estimator, f"transformer={scaler!r}")
    made = convert(estimator.regressor_, "predict", x)
    if scaler.with_std:
        made = made * float(scaler.scale_[0])
    return made + float(scaler.mean_[0]) if scaler.with_mean else made
