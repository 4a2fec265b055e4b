"""Sums of the shares of classes in the leaves that rows reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw_sklearn.graphs.functions import repeated

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor

AT_ONCE = 1024  # shares that are added up at a time, for each row, which bounds the memory


@dataclass(frozen=True)
class Shares:
    """The classes in leaves and their shares, one leaf after the other.

    Classes that are not in a leaf take no space. All leaves of a single class are one.

    Attributes:
        count: How many classes there are.
        classes: Class numbers, int64 [shares].
        values: What share of the leaf's rows they are, float64 [shares].
        left: How many shares of the same leaf there are from here on, int64 [shares].
        starts: Where the shares of each leaf begin, int64 [leaves].
    """

    count: int
    classes: np.ndarray
    values: np.ndarray
    left: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, trees: list[np.ndarray]) -> Shares:
        """Return the shares in trees' leaves.

        Args:
            trees: What the leaves of each tree hold, float64 [leaves, classes].
        """
        import numpy as np

        count = trees[0].shape[1]
        found = [np.nonzero(leaves) for leaves in trees]
        pairs = list(zip(trees, found, strict=True))
        sizes = [np.bincount(rows, minlength=len(leaves)) for leaves, (rows, _) in pairs]
        classes = np.concatenate([columns for _, columns in found])
        values = np.concatenate([leaves[at] for leaves, at in pairs])
        counts = np.concatenate(sizes)
        begin = np.cumsum(counts) - counts
        pure = (counts == 1) & (values[begin] == 1)
        counts_mixed, mixed = counts[~pure], np.repeat(~pure, counts)
        ends = np.cumsum(counts_mixed)
        starts = classes[begin]
        starts[~pure] = count + ends - counts_mixed
        left = np.repeat(ends, counts_mixed) - np.arange(mixed.sum())
        return cls(
            count,
            np.concatenate([np.arange(count), classes[mixed]]),
            np.concatenate([np.ones(count), values[mixed]]),
            np.concatenate([np.ones(count, np.int64), left]),
            starts,
        )

    def add(self, leaves: Tensor, trees: int) -> Tensor:
        """Add what sums the shares, tree by tree, as scikit-learn does.

        Args:
            leaves: Where the shares begin of the leaves that rows reach, float64 [rows, trees].
            trees: How many trees there are.

        Returns:
            Sums, float64 [rows, classes].
        """
        import numpy as np

        graph, most = leaves.graph, int(self.left.max())
        sums = repeated(np.zeros(self.count), leaves)
        starts = leaves.cast(np.int64)
        arrays = [graph.constant(each) for each in (self.classes, self.values, self.left)]
        step = max(AT_ONCE // most, 1)
        for first in range(0, trees, step):
            width = min(step, trees - first)
            some = starts if width == trees else starts[:, first : first + width]
            classes, values = _taken(some, arrays, width, most)
            sums = graph.op("ScatterElements", sums, classes, values, axis=1, reduction="add")
        return sums


def _taken(starts: Tensor, arrays: list[Tensor], width: int, most: int) -> tuple[Tensor, Tensor]:
    """Return classes and shares of leaves, [rows, width * most]; 0 where a leaf has fewer."""
    import numpy as np

    graph = starts.graph
    classes, values, left = arrays
    if most == 1:
        return classes[starts], values[starts]
    steps = graph.constant(np.arange(most))
    at = starts[:, :, None] + steps
    held = steps < left[starts][:, :, None]
    at = graph.op("Where", held, at, graph.constant(0, np.int64))
    shares = graph.op("Where", held, values[at], graph.constant(0.0), dtype=np.float64)
    return classes[at].reshape(0, width * most), shares.reshape(0, width * most)
