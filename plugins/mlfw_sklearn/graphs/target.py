"""Regressors of a target that is scaled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_sklearn.graphs.converters import convert, converter, no_form

if TYPE_CHECKING:
    from mlfw_onnx import Tensor


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
