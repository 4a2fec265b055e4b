"""The thousands of small trees of gradient boosting as a few large arrays, to be saved at once."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

TREES = "_predictors"
# The arrays of a tree: its nodes, and the categories that go left in binned and in raw values.
ARRAYS = ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")
ROUNDS = "trees_in_round"


def packed(estimator: Any) -> Any:
    """Return an estimator whose trees are joined arrays; any other estimator as it is.

    Each tree is an object of three arrays, for which skops writes an entry each, looking through
    all earlier ones.

    Args:
        estimator: A fitted estimator, which stays as it is.
    """
    import numpy as np

    rounds = getattr(estimator, TREES, None)
    if not isinstance(rounds, list):
        return estimator
    trees = [tree for trees in rounds for tree in trees]
    joined: dict[str, Any] = {ROUNDS: np.array([len(trees) for trees in rounds], np.int64)}
    for name in ARRAYS if trees else ():
        arrays = [getattr(tree, name) for tree in trees]
        joined[name] = np.concatenate(arrays)
        joined[_sizes(name)] = np.array([len(array) for array in arrays], np.int64)
    saved = copy(estimator)
    setattr(saved, TREES, joined)
    return saved


def unpacked(estimator: Any) -> Any:
    """Return a loaded estimator with the trees that `packed` has joined."""
    joined = getattr(estimator, TREES, None)
    if not isinstance(joined, dict):
        return estimator
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    trees = iter(())
    if ARRAYS[0] in joined:
        parts = [_parts(joined[name], joined[_sizes(name)]) for name in ARRAYS]
        trees = (TreePredictor(*arrays) for arrays in zip(*parts, strict=True))
    rounds = [[next(trees) for _ in range(count)] for count in joined[ROUNDS].tolist()]
    setattr(estimator, TREES, rounds)
    return estimator


def _sizes(name: str) -> str:
    return f"{name}_sizes"


def _parts(joined: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    import numpy as np

    return np.split(joined, np.cumsum(sizes)[:-1])
