"""Sums of the shares of classes in the leaves that rows reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlfw_onnx import arrays
from mlfw_sklearn.graphs.functions import repeated

if TYPE_CHECKING:
    import numpy as np

    from mlfw_onnx import Tensor

AT_ONCE = 64  # shares per row, over all trees, that are in memory at once
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

    @property
    def trees_at_once(self) -> int:
        """Of how many trees to add the shares at once."""
        return max(AT_ONCE // (self.count if self._small else self.most), 1)

    def add(self, parts: Sequence[tuple[Tensor, int]]) -> Tensor:
        """Add what sums the shares.

        Args:
            parts: Where the shares begin of the leaves that rows reach, int64 [rows, trees], for
                some of the trees each, and for how many.

        Returns:
            Sums, float64 [rows, classes].
        """
        import numpy as np

        graph = parts[0][0].graph
        if not self._small:
            arrays_of = (self.classes, self.values, self.left)
            own = [graph.constant(each) for each in arrays_of]
            sums = repeated(np.zeros(self.count), parts[0][0])
            for leaves, trees in parts:
                sums = self._scatter(sums, leaves, trees, own)
            return sums
        table, numbers = graph.constant(self._table), graph.constant(self._numbers)
        first, *others = [arrays.sum(table[numbers[leaves]], axis=1) for leaves, _ in parts]
        for each in others:
            first = first + each
        return first

    @property
    def _small(self) -> bool:
        size = (int(self._numbers[-1]) + 1) * self.count * self.values.itemsize
        return size <= TABLE_BYTES

    def _scatter(
        self, sums: Tensor, leaves: Tensor, trees: int, constants: Sequence[Tensor]
    ) -> Tensor:
        """Add the shares in leaves, int64 [rows, trees], to the sums."""
        import numpy as np

        graph, most = sums.graph, self.most
        classes, values, left = constants
        if most == 1:
            numbers, shares = classes[leaves], values[leaves]
        else:
            at = leaves[:, :, None] + graph.constant(np.arange(most))
            held = at < (leaves + left[leaves].cast(np.int64))[:, :, None]
            at = arrays.where(held, at, 0)
            shares = arrays.where(held, values[at], 0.0)
            numbers, shares = (each.reshape(0, trees * most) for each in (classes[at], shares))
        return graph.op("ScatterElements", sums, numbers, shares, axis=1, reduction="add")

    @cached_property
    def _numbers(self) -> np.ndarray:
        """Return to which leaf each share belongs, int64 [shares]; equal leaves are one."""
        import numpy as np

        begins = np.ones(len(self.left), np.int64)
        begins[1:] = self.left[:-1] == 1
        numbers: np.ndarray = np.cumsum(begins) - 1
        return numbers

    @cached_property
    def _table(self) -> np.ndarray:
        """Return the shares of all classes in each leaf, float64 [leaves, classes]."""
        import numpy as np

        table = np.zeros((int(self._numbers[-1]) + 1, self.count))
        table[self._numbers, self.classes] = self.values
        return table


def _held(leaves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many classes each leaf of a tree has, and their numbers and shares."""
    import numpy as np

    rows, classes = np.nonzero(leaves)
    return np.bincount(rows, minlength=len(leaves)), classes, leaves[rows, classes]
