"""Decision trees and random forests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_sklearn.graphs.converters import converter
from mlfw_sklearn.graphs.shares import Shares
from mlfw_sklearn.graphs.trees import Trees

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor


@converter(
    "sklearn.tree.DecisionTreeRegressor",
    "sklearn.ensemble.RandomForestRegressor",
    "sklearn.ensemble.ExtraTreesRegressor",
    method="predict",
)
def values(estimator: Any, x: Tensor) -> Tensor:
    """Add the mean of what the trees' leaves hold."""
    import numpy as np

    trees, held = _trees(estimator)
    weights = np.concatenate([leaves[:, 0] for leaves in held])
    sums = trees.add(_single(x), weights, np.zeros(len(weights), np.int64), 1)
    return x.graph.op("Squeeze", sums, x.graph.integers([1])) / len(held)


@converter(
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.ensemble.ExtraTreesClassifier",
    method="predict_proba",
)
def probabilities(estimator: Any, x: Tensor) -> Tensor:
    """Add the mean of the shares of classes in the trees' leaves.

    A leaf of `TreeEnsemble` has a single weight. Here it is a number that stands for the leaf's
    shares, so that a tree is walked once and not once for each class.
    """
    trees, held = _trees(estimator)
    shares = Shares.of(held)
    leaves = trees.add(_single(x), shares.starts, trees.tree_of_leaf(), len(held))
    return shares.add(leaves, len(held)) / len(held)


def _trees(estimator: Any) -> tuple[Trees, list[np.ndarray]]:
    """Return the trees, and for each what its leaves hold, float64 [leaves, classes or 1]."""
    import numpy as np

    trees = [each.tree_ for each in getattr(estimator, "estimators_", [estimator])]
    joined = Trees(
        sizes=np.array([tree.node_count for tree in trees]),
        leaf=np.concatenate([tree.children_left for tree in trees]) < 0,
        left=np.concatenate([tree.children_left for tree in trees]),
        right=np.concatenate([tree.children_right for tree in trees]),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
    )
    return joined, [tree.value[tree.children_left < 0, 0] for tree in trees]


def _single(x: Tensor) -> Tensor:
    """Round to single precision, as scikit-learn does before it compares in double precision."""
    import numpy as np

    return x.cast(np.float32).cast(np.float64)
