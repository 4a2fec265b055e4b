"""Functions of NumPy for tensors of an ONNX graph.

Pass this module to code that takes its array module as an argument, such as `numpy`: the code then
adds nodes to a graph instead of computing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlfw_onnx.tensor import Number, Tensor, promoted

int64 = "int64"


def abs(x: Tensor) -> Tensor:  # noqa: A001
    """Return absolute values."""
    return x.graph.op("Abs", x)


def sign(x: Tensor) -> Tensor:
    """Return -1, 0 or 1."""
    return x.graph.op("Sign", x)


def floor(x: Tensor) -> Tensor:
    """Return the largest whole number not greater than each element."""
    return x.graph.op("Floor", x)


def sqrt(x: Tensor) -> Tensor:
    """Return square roots."""
    return x.graph.op("Sqrt", x)


def exp(x: Tensor) -> Tensor:
    """Return e to the power of each element."""
    return x.graph.op("Exp", x)


def log(x: Tensor) -> Tensor:
    """Return natural logarithms."""
    return x.graph.op("Log", x)


def log1p(x: Tensor) -> Tensor:
    """Return log(1 + x), accurate near 0 too.

    Goldberg, What every computer scientist should know about floating-point arithmetic (1991),
    theorem 4: what 1 + x loses by rounding, the quotient corrects.
    """
    more = x + 1.0
    step = more - 1.0
    exact = (step == 0) | (step == float("inf"))
    return where(exact, x, log(more) * (x / where(exact, 1.0, step)))


def sin(x: Tensor) -> Tensor:
    """Return sines of angles in radians."""
    return x.graph.op("Sin", x)


def cos(x: Tensor) -> Tensor:
    """Return cosines of angles in radians."""
    return x.graph.op("Cos", x)


def tanh(x: Tensor) -> Tensor:
    """Return hyperbolic tangents."""
    return x.graph.op("Tanh", x)


def maximum(x: Tensor, y: Tensor | Number) -> Tensor:
    """Return the element-wise maximum."""
    pair = promoted(x.graph, x, y)
    return x.graph.op("Max", *pair)


def minimum(x: Tensor, y: Tensor | Number) -> Tensor:
    """Return the element-wise minimum."""
    pair = promoted(x.graph, x, y)
    return x.graph.op("Min", *pair)


def clip(x: Tensor, low: Tensor | Number, high: Tensor | Number) -> Tensor:
    """Return values that lie within bounds; these may differ from column to column."""
    return minimum(maximum(x, low), high)


def where(condition: Tensor, x: Tensor | Number, y: Tensor | Number) -> Tensor:
    """Return elements of `x` where the condition holds, of `y` elsewhere."""
    pair = promoted(condition.graph, x, y)
    return condition.graph.op("Where", condition, *pair, dtype=pair[0].dtype)


def zeros_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Return zeros in the shape of `x`, of its type unless another is named."""
    return _full(x, 0, dtype)


def ones_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Return ones in the shape of `x`, of its type unless another is named."""
    return _full(x, 1, dtype)


def _full(x: Tensor, value: int, dtype: Any) -> Tensor:
    import numpy as np
    from onnx.numpy_helper import from_array

    wanted = np.dtype(dtype or x.dtype)
    shape = x.graph.op("Shape", x, dtype=int64)
    return x.graph.op(
        "ConstantOfShape", shape, dtype=wanted, value=from_array(np.full(1, value, wanted))
    )


def sum(x: Tensor, axis: int, keepdims: bool = False) -> Tensor:  # noqa: A001
    """Return sums along an axis."""
    return x.graph.op("ReduceSum", x, x.graph.integers([axis]), keepdims=int(keepdims))


def mean(x: Tensor, axis: Sequence[int]) -> Tensor:
    """Return means along axes."""
    return x.graph.op("ReduceMean", x, x.graph.integers(axis), keepdims=0)


def argmax(x: Tensor, axis: int) -> Tensor:
    """Return the indices of the maxima along an axis, int64; the first one of equals."""
    return x.graph.op("ArgMax", x, axis=axis, keepdims=0, select_last_index=0, dtype=int64)


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join tensors along an existing axis."""
    if len(tensors) == 1:
        return tensors[0]
    graph = tensors[0].graph
    return graph.op("Concat", *promoted(graph, *tensors), axis=axis)


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Join tensors along a new axis."""
    graph = tensors[0].graph
    axes = graph.integers([axis])
    return concatenate([graph.op("Unsqueeze", tensor, axes) for tensor in tensors], axis)


def split(x: Tensor, parts: int, axis: int = 0) -> list[Tensor]:
    """Divide a tensor along an axis into parts of equal size."""
    names = [x.graph.unused_name() for _ in range(parts)]
    x.graph.op("Split", x, names=names, num_outputs=parts, axis=axis)
    return [Tensor(x.graph, name, x.dtype) for name in names]


def transpose(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Return a tensor whose axes stand in another order."""
    return x.graph.op("Transpose", x, perm=list(axes))


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """Return the softmax along an axis."""
    return x.graph.op("Softmax", x, axis=axis)
