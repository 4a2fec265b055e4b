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
AT_MOST, ABOVE = 0, 3  # modes of a node: its true child is for a feature <= the threshold, or > it
DIGITS = 24  # bits of a number in single precision
LEAST_EXPONENT, MOST_EXPONENT = -125, 128  # of such numbers, without those of fewer digits


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
        rows: How many rows of the training data came to each node, [nodes].
        missing_left: Whether a missing feature goes left, bool [nodes]; None if none is missing.
    """

    sizes: np.ndarray
    leaf: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    rows: np.ndarray
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
            rows=self.rows[nodes],
            missing_left=None if self.missing_left is None else self.missing_left[nodes],
        )

    def add(self, x: Tensor, weights: np.ndarray, targets: np.ndarray, count: int) -> Tensor:
        """Add what sums the weights of the leaves that rows reach, by target.

        Single precision is used where it makes no difference: it is twice as fast, and the nodes
        take less space.

        Args:
            x: Rows, [rows, features]: float64, or float32 if the features were rounded before the
                trees were fitted.
            weights: What each leaf counts, float64 [leaves], in the order of the nodes.
            targets: To which target each leaf belongs, int64 [leaves].
            count: How many targets there are.

        Returns:
            Sums, float64 [rows, targets].
        """
        import numpy as np

        if not exact_in_single(weights, len(self.sizes)):
            x = x.cast(np.float64)
        first, *others = [
            part.add_at_once(x, weights[leaves], targets[leaves], count)
            for part, leaves in self.parts()
        ]
        for each in others:
            first = first + each
        return first.cast(np.float64)

    def add_at_once(
        self, x: Tensor, weights: np.ndarray, targets: np.ndarray, count: int
    ) -> Tensor:
        """Do as `add`, by a single operator, in the precision of the rows.

        Of a node's children, ONNX Runtime stores the false one right behind the node. So the
        comparison is written such that most rows go there.
        """
        import numpy as np
        from onnx.numpy_helper import from_array

        roots = np.cumsum(self.sizes) - self.sizes
        alone = self.leaf[roots]  # trees that are a leaf, to which a node that compares is added
        inner = ~self.leaf
        own = np.where(self.leaf, np.cumsum(self.leaf), np.cumsum(inner)) - 1
        more = np.arange(alone.sum()) + inner.sum()
        starts = np.repeat(roots, self.sizes)[inner]
        left, right = starts + self.left[inner], starts + self.right[inner]
        mostly_left = self.rows[left].sum() >= self.rows[right].sum()
        true, false = (right, left) if mostly_left else (left, right)
        true, false = (np.concatenate([each, roots[alone]]) for each in (true, false))
        split = np.concatenate([self.threshold[inner], np.zeros(len(more))])
        first = own[roots]
        first[alone] = more
        flags: dict[str, Any] = {}
        if self.missing_left is not None:
            missing = np.concatenate([self.missing_left[inner], np.zeros(len(more), bool)])
            flags["nodes_missing_value_tracks_true"] = (missing != mostly_left).astype(np.int64)
        return x.graph.op(
            "TreeEnsemble",
            x,
            domain=ML,
            n_targets=count,
            tree_roots=first,
            nodes_featureids=np.concatenate([self.feature[inner], np.zeros_like(more)]),
            nodes_splits=from_array(rounded_down(split) if x.dtype == np.float32 else split),
            nodes_modes=from_array(
                np.full(len(split), ABOVE if mostly_left else AT_MOST, np.uint8)
            ),
            nodes_truenodeids=own[true],
            nodes_trueleafs=self.leaf[true].astype(np.int64),
            nodes_falsenodeids=own[false],
            nodes_falseleafs=self.leaf[false].astype(np.int64),
            leaf_targetids=targets,
            leaf_weights=from_array(np.ascontiguousarray(weights, x.dtype)),
            **flags,
        )


def exact_in_single(weights: np.ndarray, trees: int) -> bool:
    """Return whether single precision holds every sum of weights exactly, one of each tree.

    Args:
        weights: The weights, float64.
        trees: How many of them are added up, at most.
    """
    import numpy as np

    _, exponent = np.frexp(np.abs(weights).max(initial=0.0))
    most = int(exponent) + (trees - 1).bit_length()  # every sum is below 2 ** most
    if not LEAST_EXPONENT <= most <= MOST_EXPONENT:
        return False
    scaled = np.ldexp(weights, DIGITS - most)
    return bool((scaled == np.floor(scaled)).all())


def rounded_down(values: np.ndarray) -> np.ndarray:
    """Return the largest numbers in single precision that are at most the values.

    A number in single precision is at most a value if and only if it is at most this number.

    Args:
        values: The values, float64.
    """
    import numpy as np

    with np.errstate(over="ignore"):
        made = values.astype(np.float32)
        below: np.ndarray = np.nextafter(made, np.float32(-np.inf))
    rounded: np.ndarray = np.where(made > values, below, made)
    return rounded
