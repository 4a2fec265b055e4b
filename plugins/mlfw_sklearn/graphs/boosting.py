"""Gradient boosting on histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_onnx import arrays
from mlfw_sklearn.graphs.converters import converter, no_form
from mlfw_sklearn.graphs.functions import logistic, two_classes
from mlfw_sklearn.graphs.trees import Trees

if TYPE_CHECKING:
    from mlfw_onnx import Tensor

LOSSES = ("squared_error", "absolute_error", "quantile")  # which predict the sums as they are


@converter("sklearn.ensemble.HistGradientBoostingRegressor", method="predict")
def values(estimator: Any, x: Tensor) -> Tensor:
    """Add the sums of the trees' values."""
    if estimator.loss not in LOSSES:
        raise no_form(estimator, f"loss={estimator.loss!r}")
    return _sums(estimator, x)[:, 0]


@converter("sklearn.ensemble.HistGradientBoostingClassifier", method="predict_proba")
def probabilities(estimator: Any, x: Tensor) -> Tensor:
    """Add the logistic function, or the softmax, of the sums of the trees' values."""
    sums = _sums(estimator, x)
    if estimator.n_trees_per_iteration_ == 1:
        return two_classes(logistic(sums))
    return arrays.softmax(sums)


def _sums(estimator: Any, x: Tensor) -> Tensor:
    """Add the sums of the trees' values, float64 [rows, trees in a round]."""
    import numpy as np

    if estimator.is_categorical_ is not None:
        raise no_form(estimator, "categorical features")
    # scikit-learn has no public names for these two.
    rounds, baseline = estimator._predictors, estimator._baseline_prediction
    trees = [tree.nodes for trees in rounds for tree in trees]
    nodes = np.concatenate(trees)
    joined = Trees(
        sizes=np.array([len(tree) for tree in trees]),
        leaf=nodes["is_leaf"].astype(bool),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"],
        rows=nodes["count"],
        missing_left=nodes["missing_go_to_left"].astype(bool),
    )
    count = estimator.n_trees_per_iteration_
    sums = joined.add(x, nodes["value"][joined.leaf], joined.tree_of_leaf() % count, count)
    return sums + x.graph.constant(np.reshape(baseline, -1))
