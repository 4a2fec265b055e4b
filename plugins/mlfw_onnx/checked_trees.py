"""Checking the trees of a `TreeEnsemble` before ONNX Runtime walks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlfw_onnx.wire import DamagedError

if TYPE_CHECKING:
    import numpy as np

# ONNX Runtime builds trees by recursion and crashes for trees about ten times as deep.
DEEPEST = 2000
COMPARISONS = 6  # the modes that compare with one number; the other one tests for membership
NODES = (
    *("nodes_featureids", "nodes_truenodeids", "nodes_trueleafs"),
    *("nodes_falsenodeids", "nodes_falseleafs"),
)


def check_trees(attributes: Mapping[str, Any], features: int) -> None:
    """Check that the nodes are trees of which nothing points out of them.

    Args:
        attributes: The operator's attributes: integers as int64 arrays, tensors as arrays.
        features: How many features its input has.

    Raises:
        DamagedError: They are not, or are deeper than 2,000 nodes.
    """
    import numpy as np

    roots, weights = attributes["tree_roots"], attributes["leaf_weights"]
    splits, modes = attributes["nodes_splits"], attributes["nodes_modes"]
    feature, left, left_leaf, right, right_leaf = (attributes[name] for name in NODES)
    missing = attributes.get("nodes_missing_value_tracks_true")
    arrays = [feature, left, left_leaf, right, right_leaf, modes]
    arrays += [missing] if missing is not None and len(missing) else []
    if any(len(each) != len(splits) for each in arrays) or not len(splits):
        raise DamagedError("its lists of nodes differ in length")
    if splits.dtype != weights.dtype:
        raise DamagedError("its splits and weights differ in type")
    targets = attributes["leaf_targetids"]
    if len(targets) != len(weights):
        raise DamagedError("its lists of leaves differ in length")
    _check_range(targets, int(attributes["n_targets"]), "a leaf's target")
    _check_range(feature, features, "a feature")
    _check_range(modes, COMPARISONS, "a mode")
    for flags in (left_leaf, right_leaf, *arrays[6:]):
        _check_range(flags, 2, "a flag")
    if int(attributes.get("aggregate_function", 1)) != 1 or attributes.get("post_transform", 0):
        raise DamagedError("it does more than add up its leaves")
    children = np.concatenate([left, right])
    leaves = np.concatenate([left_leaf, right_leaf]).astype(bool)
    _check_range(children[leaves], len(weights), "a leaf")
    _check_range(children[~leaves], len(splits), "a node")
    _check_range(roots, len(splits), "a root")
    _check_reached(roots, children, leaves, len(splits))


def _check_range(values: np.ndarray, stop: int, what: str) -> None:
    if len(values) and not (int(values.min()) >= 0 and int(values.max()) < stop):
        raise DamagedError(f"{what} is out of range")


def _check_reached(roots: np.ndarray, children: np.ndarray, leaves: np.ndarray, count: int) -> None:
    """Check that every node is reached once from the roots, within 2,000 steps."""
    import numpy as np

    uses = np.bincount(np.concatenate([roots, children[~leaves]]), minlength=count)
    if (uses != 1).any():
        raise DamagedError("its nodes are no trees")
    reached, nodes = 0, roots
    for _ in range(DEEPEST):
        reached += len(nodes)
        below = np.concatenate([nodes, nodes + count])
        nodes = children[below[~leaves[below]]]
        if not len(nodes):
            break
    else:
        raise DamagedError(f"a tree is deeper than {DEEPEST:,} nodes")
    if reached != count:
        raise DamagedError("its nodes are no trees: some form a loop")
