"""Support vector machines."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from mlfw_onnx import arrays
from mlfw_sklearn.graphs.converters import converter, no_form
from mlfw_sklearn.graphs.kernels import similarity

if TYPE_CHECKING:
    from mlfw_onnx import Tensor


@converter("sklearn.svm.SVR", method="predict")
def values(machine: Any, x: Tensor) -> Tensor:
    """Add the values."""
    return _machine(machine, x)[:, 0]


@converter("sklearn.svm.SVC", method="decision_function")
def scores(machine: Any, x: Tensor) -> Tensor:
    """Add the scores: of the second of two classes, or of each of more classes."""
    if machine.decision_function_shape != "ovr":
        raise no_form(machine, f"decision_function_shape={machine.decision_function_shape!r}")
    return _machine(machine, x) if len(machine.classes_) == 2 else _one_against_one(machine, x)


def _machine(machine: Any, x: Tensor) -> Tensor:
    """Add the weighted sum of the kernel, float64 [rows, 1]."""
    weights, bias = machine.dual_coef_, x.graph.constant(machine.intercept_)
    if machine.kernel == "linear":
        return x @ x.graph.constant((weights @ machine.support_vectors_).T) + bias
    return similarity(machine, x) @ x.graph.constant(weights.T) + bias


def _one_against_one(machine: Any, x: Tensor) -> Tensor:
    """Add the one-vs-one votes of each class, with ties broken by the sums of scores.

    Both orders of each pair of classes are computed, [rows, classes * (classes - 1)], so that the
    decisions of a class are contiguous.
    """
    import numpy as np

    graph, count = x.graph, len(machine.classes_)
    pairs = [(own, other) for own in range(count) for other in range(count) if own != other]
    place = {pair: at for at, pair in enumerate(pairs)}
    number = {pair: at for at, pair in enumerate(combinations(range(count), 2))}
    mirrored = [place[other, own] for own, other in pairs]
    bias = machine.intercept_[[number[min(pair), max(pair)] for pair in pairs]]
    first = np.array([own < other for own, other in pairs])

    sides = _sides(machine, x)
    # What libsvm computes: over 0 where the first of the pair wins, which it also does at 0.
    decisions = sides + sides[:, mirrored] + graph.constant(bias)
    won = ~(decisions < 0.0) == graph.constant(first)
    shape = (0, count, count - 1)
    votes = won.cast(np.float64).reshape(*shape)
    for_own = (decisions * graph.constant(np.where(first, 1.0, -1.0))).reshape(*shape)
    score = arrays.sum(for_own, axis=2)
    return arrays.sum(votes, axis=2) + score / ((arrays.abs(score) + 1.0) * 3.0)


def _sides(machine: Any, x: Tensor) -> Tensor:
    """Add what the support vectors of each class contribute to its decisions against the others."""
    import numpy as np

    graph = x.graph
    ends = np.cumsum(machine.n_support_)
    parts = [slice(end - size, end) for end, size in zip(ends, machine.n_support_, strict=True)]
    if machine.kernel == "linear":
        rows = [machine.dual_coef_[:, part] @ machine.support_vectors_[part] for part in parts]
        return x @ graph.constant(np.concatenate(rows).T)
    near = similarity(machine, x)
    made = [
        near[:, int(part.start) : int(part.stop)] @ graph.constant(machine.dual_coef_[:, part].T)
        for part in parts
    ]
    return arrays.concatenate(made, axis=1)
