"""Dividing by chance, each class for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def by_chance(
    strata: np.ndarray, shares: Sequence[float], random: np.random.Generator
) -> np.ndarray:
    """Return which part each row falls into, by chance.

    Every row is given a random number; within each class, the lowest go to the first part, the
    next to the second, and so on.

    Args:
        strata: Class numbers, int64 [rows].
        shares: The share of each part but the last, which takes what is left.
        random: Where the random numbers come from.

    Returns:
        The number of the part, int64 [rows]. A class of one row is in the last part where that
        has more than half of the rows.
    """
    import numpy as np

    place = _place_in_class(random.random(len(strata)), strata)
    return np.searchsorted(np.cumsum(shares), place, side="right")


def deal(strata: np.ndarray, parts: int, random: np.random.Generator) -> np.ndarray:
    """Return which part each row falls into, when rows are dealt out like cards, class by class.

    Parts differ by one row at most, and so do each class's rows in them.

    Args:
        strata: Class numbers, int64 [rows].
        parts: How many parts there are.
        random: Where the order of rows comes from.

    Returns:
        The number of the part, int64 [rows].
    """
    import numpy as np

    part = np.empty(len(strata), np.int64)
    part[np.lexsort((random.random(len(strata)), strata))] = np.arange(len(strata)) % parts
    return part


def _place_in_class(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return where each row stands within its class, evenly spaced in (0, 1), float64 [rows]."""
    import numpy as np

    sizes = np.bincount(labels)
    by_class = np.lexsort((order, labels))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rank = np.empty(len(order), np.int64)
    rank[by_class] = np.arange(len(order)) - starts[labels[by_class]]
    place: np.ndarray = (rank + 0.5) / sizes[labels]
    return place
