"""Decision trees as one node `TreeEnsemble` of an ONNX graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw_onnx.graph import ML

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor


@dataclass(frozen=True, kw_only=True)
class Trees:
    """Binary trees whose nodes stand in arrays, one tree after the other, its root first.

    Attributes:
        sizes: How many nodes each tree has, int64 [trees].
        leaf: Which nodes are leaves, bool [nodes].
        left: The child for a feature at most the threshold, numbered within its tree, int64
            [nodes]; ignored for leaves.
        right: The other child, int64 [nodes].
        feature: The feature that is compared, int64 [nodes].
        threshold: The value it is compared with, float64 [nodes].
        missing_left: Whether a missing feature goes left, bool [nodes]; None for never.
    """

    sizes: np.ndarray
    leaf: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray | None = None

    def tree_of_leaf(self) -> np.ndarray:
        """Return in which tree each leaf is, int64 [leaves]."""
        import numpy as np

        numbers: np.ndarray = np.repeat(np.arange(len(self.sizes)), self.sizes)[self.leaf]
        return numbers

    def add(self, x: Tensor, weights: np.ndarray, targets: np.ndarray, count: int) -> Tensor:
        """Add what sums the weights of the leaves that rows reach, by target.

        Args:
            x: Rows, float64 [rows, features].
            weights: What each leaf counts, float64 [leaves], in the order of the nodes.
            targets: To which target each leaf belongs, int64 [leaves].
            count: How many targets there are.

        Returns:
            Sums, float64 [rows, targets].
        """
        import numpy as np
        from onnx.numpy_helper import from_array

        roots = np.cumsum(self.sizes) - self.sizes
        alone = self.leaf[roots]  # trees that are a leaf, to which a node that compares is added
        inner = ~self.leaf
        own = np.where(self.leaf, np.cumsum(self.leaf), np.cumsum(inner)) - 1
        more = np.arange(alone.sum()) + inner.sum()
        starts = np.repeat(roots, self.sizes)[inner]
        left = np.concatenate([starts + self.left[inner], roots[alone]])
        right = np.concatenate([starts + self.right[inner], roots[alone]])
        split = np.concatenate([self.threshold[inner], np.zeros(len(more))])
        first = own[roots]
        first[alone] = more
        flags: dict[str, Any] = {}
        if self.missing_left is not None:
            missing = np.concatenate([self.missing_left[inner], np.zeros(len(more), bool)])
            flags["nodes_missing_value_tracks_true"] = missing.astype(np.int64)
        return x.graph.op(
            "TreeEnsemble",
            x,
            domain=ML,
            n_targets=count,
            tree_roots=first,
            nodes_featureids=np.concatenate([self.feature[inner], np.zeros_like(more)]),
            nodes_splits=from_array(split),
            nodes_modes=from_array(np.zeros(len(split), np.uint8)),  # at most
            nodes_truenodeids=own[left],
            nodes_trueleafs=self.leaf[left].astype(np.int64),
            nodes_falsenodeids=own[right],
            nodes_falseleafs=self.leaf[right].astype(np.int64),
            leaf_targetids=targets,
            leaf_weights=from_array(np.ascontiguousarray(weights, np.float64)),
            **flags,
        )
