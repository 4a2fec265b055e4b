"""Functions of scores that several kinds of classifiers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor


def logistic(scores: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-scores)), to the last digits also where it is next to 0.

    onnxruntime's `Sigmoid` is 0 there, which matters where all classes are unlikely.
    """
    graph = scores.graph
    small = graph.op("Exp", -graph.op("Abs", scores))
    below = graph.op("Exp", graph.op("Min", scores, graph.constant(0.0)))
    return below / (small + 1.0)


def two_classes(second: Tensor) -> Tensor:
    """Return the probabilities of two classes, float64 [rows, 2].

    Args:
        second: Those of the second class, float64 [rows, 1].
    """
    return second.graph.op("Concat", 1.0 - second, second, axis=1)


def normalised(scores: Tensor, count: int) -> Tensor:
    """Return probabilities that add up to 1; all the same where every score is 0.

    Args:
        scores: Probabilities of each class against the others, float64 [rows, classes].
        count: How many classes there are.
    """
    graph = scores.graph
    total = graph.op("ReduceSum", scores, graph.integers([1]))
    same = graph.constant(1 / count)
    return graph.op("Where", total == 0.0, same, scores / total, dtype=scores.dtype)


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
    size = graph.op("Concat", rows, graph.integers([len(row)]), axis=0)
    return graph.op("Expand", graph.constant(row[None], np.float64), size)
