"""Decision trees as nodes `TreeEnsemble` of an ONNX graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw_onnx import ML

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor

# ONNX Runtime lets each row walk all trees of an operator before the next row. Of so many nodes
# the trees stay in the processor's cache, which makes large forests four times as fast.
NODES_AT_ONCE = 1 << 16


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

    def parts(self, most: int = 2**31) -> Iterator[tuple[Trees, slice]]:
        """Yield trees that fit into the cache together, and which leaves are theirs.

        Args:
            most: How many trees to yield at once, at most.
        """
        import numpy as np

        ends, leaves = np.cumsum(self.sizes), np.append(0, np.cumsum(self.leaf))
        first = start = 0
        for last, end in enumerate(ends.tolist(), 1):
            following = end + int(self.sizes[last]) if last < len(ends) else 2**62
            if following - start > NODES_AT_ONCE or last - first == most:
                yield (
                    self._part(slice(first, last), slice(start, end)),
                    slice(int(leaves[start]), int(leaves[end])),
                )
                first, start = last, end

    def _part(self, trees: slice, nodes: slice) -> Trees:
        return Trees(
            sizes=self.sizes[trees],
            leaf=self.leaf[nodes],
            left=self.left[nodes],
            right=self.right[nodes],
            feature=self.feature[nodes],
            threshold=self.threshold[nodes],
            missing_left=None if self.missing_left is None else self.missing_left[nodes],
        )

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
        first, *others = [
            part.add_at_once(x, weights[leaves], targets[leaves], count)
            for part, leaves in self.parts()
        ]
        for each in others:
            first = first + each
        return first

    def add_at_once(
        self, x: Tensor, weights: np.ndarray, targets: np.ndarray, count: int
    ) -> Tensor:
        """Do as `add`, by a single operator."""
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
