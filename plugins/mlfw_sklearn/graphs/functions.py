"""Functions of scores that several kinds of classifiers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw_onnx import arrays

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor


def logistic(scores: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-scores)), accurate near 0 too.

    onnxruntime's `Sigmoid` underflows to 0 there, which matters where all classes are unlikely.
    """
    small = arrays.exp(-arrays.abs(scores))
    below = arrays.exp(arrays.minimum(scores, 0.0))
    return below / (small + 1.0)


def two_classes(second: Tensor) -> Tensor:
    """Return the probabilities of two classes, float64 [rows, 2].

    Args:
        second: Those of the second class, float64 [rows, 1].
    """
    return arrays.concatenate([1.0 - second, second], axis=1)


def normalised(scores: Tensor, count: int) -> Tensor:
    """Scale scores to sum to 1; uniform where every score is 0.

    Args:
        scores: Probabilities of each class against the others, float64 [rows, classes].
        count: How many classes there are.
    """
    total = arrays.sum(scores, axis=1, keepdims=True)
    return arrays.where(total == 0.0, 1 / count, scores / total)


def repeated(row: np.ndarray, x: Tensor) -> Tensor:
    """Return the same numbers for every row.

    Args:
        row: The numbers, float64 [numbers].
        x: Anything with as many rows.

    Returns:
        float64 [rows, numbers].
    """
    import numpy as np

    graph = x.graph
    rows = graph.op("Shape", x, end=1, dtype=np.int64)
    size = arrays.concatenate([rows, graph.integers([len(row)])])
    return graph.op("Expand", graph.constant(row[None], np.float64), size)
