"""The kernels of support vector machines: how similar rows are to the support vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_onnx import arrays
from mlfw_sklearn.graphs.converters import no_form

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor

# Features whose exponents add up to at most this are expanded into products, accurate to 1e-13.
LARGEST_PRODUCT = 1000.0


def similarity(machine: Any, x: Tensor) -> Tensor:
    """Add the kernel between rows and the support vectors.

    Args:
        machine: A fitted `SVC` or `SVR` whose kernel is not linear.
        x: Rows, float64 [rows, features].

    Returns:
        float64 [rows, support vectors].
    """
    gamma = float(machine._gamma)  # scikit-learn has no public name for what "scale" comes to
    if machine.kernel == "rbf":
        return _rbf(x, machine.support_vectors_, gamma)
    if machine.kernel == "poly":
        products = x @ x.graph.constant(machine.support_vectors_.T * gamma)
        return (products + float(machine.coef0)) ** float(machine.degree)
    raise no_form(machine, f"kernel={machine.kernel!r}")


def _rbf(x: Tensor, vectors: np.ndarray, gamma: float) -> Tensor:
    """Add exp(-gamma * |x - v|^2), with |x - v|^2 as |x|^2 + |v|^2 - 2 x v.

    That is fast but loses precision for features of large values. The few such features are
    subtracted one by one instead.
    """
    import numpy as np

    graph = x.graph
    reach = gamma * np.max(vectors**2, axis=0)
    order = np.argsort(reach, kind="stable")
    near = np.sort(order[np.cumsum(reach[order]) <= LARGEST_PRODUCT])
    far = np.setdiff1d(order, near)
    exponent = None
    if len(near):
        some, own = vectors[:, near], x
        if len(far):
            own = x[:, near.tolist()]
        squares = graph.op("ReduceSumSquare", own, graph.integers([1]))
        exponent = own @ graph.constant(some.T * (2 * gamma))
        exponent = exponent - graph.constant(gamma * (some**2).sum(axis=1)) - squares * gamma
    for feature in far.tolist():
        apart = x[:, feature : feature + 1] - graph.constant(vectors[:, feature])
        part = apart * apart * -gamma
        exponent = part if exponent is None else exponent + part
    assert exponent is not None
    return arrays.exp(exponent)
