"""What one estimator predicts, as nodes of an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_sklearn.graphs.converters import convert

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor


def add_probabilities(estimator: Any, x: Tensor, classes: int) -> Tensor:
    """Add what computes a classifier's class probabilities.

    Args:
        estimator: A fitted classifier whose `classes_` are class numbers.
        x: Prepared rows, float64 [rows, features], all finite.
        classes: How many classes the target has.

    Returns:
        Probabilities, float64 [rows, classes]; 0 for a class without training rows.

    Raises:
        NoFormError: No converter is registered for the estimator's type.
    """
    return _in_place(convert(estimator, "predict_proba", x), estimator.classes_, classes)


def add_values(estimator: Any, x: Tensor) -> Tensor:
    """Add what computes a regressor's values.

    Args:
        estimator: A fitted regressor of one target.
        x: Prepared rows, float64 [rows, features], all finite.

    Returns:
        Values, float64 [rows].

    Raises:
        NoFormError: No converter is registered for the estimator's type.
    """
    return convert(estimator, "predict", x)


def _in_place(probabilities: Tensor, numbers: np.ndarray, classes: int) -> Tensor:
    """Move columns to where their class numbers say, with zeros in between."""
    import numpy as np

    if np.array_equal(numbers, np.arange(classes)):
        return probabilities
    graph, known = probabilities.graph, len(numbers)
    columns = np.full(classes, known)
    columns[numbers] = np.arange(known)
    padded = graph.op("Pad", probabilities, graph.integers([0, 0, 0, 1]))
    return padded[:, columns.tolist()]
