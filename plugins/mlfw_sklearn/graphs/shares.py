"""Sums of the shares of classes in the leaves that rows reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw_onnx import arrays
from mlfw_sklearn.graphs.functions import repeated

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Graph, Tensor

AT_ONCE = 1024  # shares per row, over all trees, that are in memory at once
TABLE_BYTES = 16_000_000  # largest dense table of shares


@dataclass(frozen=True)
class Shares:
    """The classes in leaves and their shares, one leaf after the other.

    They are stored sparsely, and all leaves of a single class share one entry.

    Attributes:
        count: How many classes there are.
        classes: Class numbers, int32 [shares].
        values: What share of the leaf's rows they are, float64 [shares].
        left: How many shares of the same leaf there are from here on, int32 [shares].
        starts: Where the shares of each leaf begin, int64 [leaves].
    """

    count: int
    classes: np.ndarray
    values: np.ndarray
    left: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, trees: Iterable[np.ndarray], count: int) -> Shares:
        """Return the shares in trees' leaves.

        Args:
            trees: What the leaves of each tree hold, float64 [leaves, classes].
            count: How many classes there are.
        """
        import numpy as np

        parts = [_held(leaves) for leaves in trees]
        sizes, classes, values = (np.concatenate(each) for each in zip(*parts, strict=True))
        begin = np.cumsum(sizes) - sizes
        pure = (sizes == 1) & (values[begin] == 1)
        mixed, some = np.repeat(~pure, sizes), sizes[~pure]
        ends = np.cumsum(some)
        starts = classes[begin]
        starts[~pure] = count + ends - some
        left = np.repeat(ends, some) - np.arange(mixed.sum())
        return cls(
            count,
            np.concatenate([np.arange(count), classes[mixed]]).astype(np.int32),
            np.concatenate([np.ones(count), values[mixed]]),
            np.concatenate([np.ones(count), left]).astype(np.int32),
            starts,
        )

    @property
    def most(self) -> int:
        """The most classes in a leaf."""
        return int(self.left.max())

    def add(self, leaves: Tensor, trees: int) -> Tensor:
        """Add what sums the shares, tree by tree, as scikit-learn does.

        Args:
            leaves: Where the shares begin of the leaves that rows reach, int64 [rows, trees].
            trees: How many trees there are.

        Returns:
            Sums, float64 [rows, classes].
        """
        import numpy as np

        sums = repeated(np.zeros(self.count), leaves)
        if trees * self.most <= AT_ONCE:
            return self._scatter(sums, leaves, trees)
        numbers = self._numbers()
        small = (numbers[-1] + 1) * self.count * self.values.itemsize <= TABLE_BYTES

        def add_tree(number: Tensor, before: Tensor) -> Tensor:
            graph = before.graph
            reached = leaves.within(graph)[:, number]
            if small:
                return before + self._table(numbers, graph)[graph.constant(numbers)[reached]]
            return self._scatter(before, reached[:, None], 1)

        return leaves.graph.loop(trees, sums, add_tree, [None, self.count])

    def _scatter(self, sums: Tensor, leaves: Tensor, trees: int) -> Tensor:
        """Add the shares in leaves, int64 [rows, trees], to the sums."""
        import numpy as np

        graph, most = sums.graph, self.most
        parts = (self.classes, self.values, self.left)
        classes, values, left = (graph.constant(each) for each in parts)
        if most == 1:
            numbers, shares = classes[leaves], values[leaves]
        else:
            at = leaves[:, :, None] + graph.constant(np.arange(most))
            held = at < (leaves + left[leaves].cast(np.int64))[:, :, None]
            at = arrays.where(held, at, 0)
            shares = arrays.where(held, values[at], 0.0)
            numbers, shares = (each.reshape(0, trees * most) for each in (classes[at], shares))
        return graph.op("ScatterElements", sums, numbers, shares, axis=1, reduction="add")

    def _numbers(self) -> np.ndarray:
        """Return to which leaf each share belongs, int64 [shares]; equal leaves are one."""
        import numpy as np

        begins = np.ones(len(self.left), np.int64)
        begins[1:] = self.left[:-1] == 1
        numbers: np.ndarray = np.cumsum(begins) - 1
        return numbers

    def _table(self, numbers: np.ndarray, graph: Graph) -> Tensor:
        """Return the shares of all classes in each leaf, float64 [leaves, classes]."""
        import numpy as np

        table = np.zeros((numbers[-1] + 1, self.count))
        table[numbers, self.classes] = self.values
        return graph.constant(table)


def _held(leaves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many classes each leaf of a tree has, and their numbers and shares."""
    import numpy as np

    rows, classes = np.nonzero(leaves)
    return np.bincount(rows, minlength=len(leaves)), classes, leaves[rows, classes]
