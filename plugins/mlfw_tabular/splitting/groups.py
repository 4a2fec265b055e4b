"""Dividing whole groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def by_group(
    groups: np.ndarray, strata: np.ndarray, shares: Sequence[float], random: np.random.Generator
) -> np.ndarray:
    """Return which part each row falls into, with whole groups in one part.

    Groups are taken one by one, the larger ones rather earlier, and each goes where its rows and
    classes are lacking most. No part is larger than its share by more than the largest group
    where there are no classes. Scikit-learn's StratifiedGroupKFold goes the same way.

    Args:
        groups: Group numbers, int64 [rows], from 0. There are as many as parts, or more.
        strata: Class numbers, int64 [rows].
        shares: The share of each part.
        random: Where the order of groups comes from.

    Returns:
        The number of the part, int64 [rows].
    """
    import numpy as np

    counts = _Counts.of(groups, strata)
    sizes = np.bincount(groups)
    present = int(np.count_nonzero(sizes))
    # Large groups come first, since small ones can make up for them; but not always the same.
    keys = -sizes * (0.5 + random.random(len(sizes)) / 2)
    order = np.argsort(keys, kind="stable")[:present].tolist()
    lacking = np.outer(shares, counts.totals)
    empty = set(range(len(shares)))
    part = np.zeros(len(sizes), np.int64)
    for left, group in zip(range(present, 0, -1), order, strict=True):
        columns, own, weights = counts.of_group(group)
        wanted = lacking[:, columns] @ weights
        chosen = int(wanted.argmax())
        if left <= len(empty):
            chosen = max(sorted(empty), key=wanted.__getitem__)
        empty.discard(chosen)
        lacking[chosen, columns] -= own
        part[group] = chosen
    return np.take(part, groups)


@dataclass(frozen=True)
class _Counts:
    """How many rows of each class the groups have, and in column 0 how many rows.

    A dense table of 100,000 groups and 1,000 classes would not fit in memory, so that only what
    is not 0 is kept, group after group.
    """

    starts: list[int]
    columns: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    totals: np.ndarray

    @classmethod
    def of(cls, groups: np.ndarray, strata: np.ndarray) -> _Counts:
        import numpy as np

        classes = int(strata.max()) + 1
        width = classes + 1 if classes > 1 else 1
        keys = np.concatenate([groups * width, groups * width + strata + 1])
        keys, counts = np.unique(keys if classes > 1 else groups, return_counts=True)
        columns = keys % width
        totals = np.bincount(columns, counts, minlength=width)
        # A rare class weighs as much as a common one, and the rows as much as all classes.
        each = 1 / np.maximum(totals, 1)
        each[0] *= np.count_nonzero(totals[1:]) or 1
        starts = np.searchsorted(keys // width, np.arange(int(groups.max()) + 2))
        return cls(starts.tolist(), columns, counts, counts * each[columns], totals)

    def of_group(self, group: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a group's columns, its counts in them, and these weighted."""
        own = slice(self.starts[group], self.starts[group + 1])
        return self.columns[own], self.counts[own], self.weights[own]
