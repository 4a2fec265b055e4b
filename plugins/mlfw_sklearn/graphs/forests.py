"""Decision trees and random forests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mlfw_onnx import arrays
from mlfw_sklearn.graphs.converters import converter
from mlfw_sklearn.graphs.shares import Shares
from mlfw_sklearn.graphs.trees import Trees, exact_in_single

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

    trees, leaves = _trees(estimator)
    weights = np.concatenate([each[:, 0] for each in leaves])
    sums = trees.add(_single(x), weights, np.zeros(len(weights), np.int64), 1)
    return sums[:, 0] / len(trees.sizes)


@converter(
    "sklearn.tree.DecisionTreeClassifier",
    "sklearn.ensemble.RandomForestClassifier",
    "sklearn.ensemble.ExtraTreesClassifier",
    method="predict_proba",
)
def probabilities(estimator: Any, x: Tensor) -> Tensor:
    """Add the mean of the shares of classes in the trees' leaves.

    A leaf of `TreeEnsemble` has a single weight. Of two classes it is the share of the second one.
    Of more it is a number that stands for the leaf's shares, so that a tree is walked once and not
    once for each class.
    """
    import numpy as np

    x, count = _single(x), len(estimator.classes_)
    trees, leaves = _trees(estimator)
    if count == 2:
        second = np.concatenate([each[:, 1] for each in leaves])
        sums = trees.add(x, second, np.zeros(len(second), np.int64), 1)
        both = arrays.concatenate([float(len(trees.sizes)) - sums, sums], axis=1)
        return both / len(trees.sizes)
    shares = Shares.of(leaves, count)
    if not exact_in_single(shares.starts, 1):
        x = x.cast(np.float64)
    reached = []
    for part, own in trees.parts(shares.trees_at_once):
        size = len(part.sizes)
        numbers = part.add_at_once(x, shares.starts[own], part.tree_of_leaf(), size)
        reached.append((numbers.cast(np.int64), size))
    return shares.add(reached) / len(trees.sizes)


def _trees(estimator: Any) -> tuple[Trees, Iterator[np.ndarray]]:
    """Return the trees, and one by one what their leaves hold, float64 [leaves, classes or 1]."""
    import numpy as np

    trees = [each.tree_ for each in getattr(estimator, "estimators_", [estimator])]
    joined = Trees(
        sizes=np.array([tree.node_count for tree in trees]),
        leaf=np.concatenate([tree.children_left for tree in trees]) < 0,
        left=np.concatenate([tree.children_left for tree in trees]),
        right=np.concatenate([tree.children_right for tree in trees]),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        rows=np.concatenate([tree.n_node_samples for tree in trees]),
    )
    return joined, (tree.value[tree.children_left < 0, 0] for tree in trees)


def _single(x: Tensor) -> Tensor:
    """Round to single precision, as scikit-learn does."""
    import numpy as np

    return x.cast(np.float32)
