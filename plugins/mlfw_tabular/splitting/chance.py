"""Dividing by chance, each class for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MOST_UINT16 = 1 << 16


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


def _sorted(order: np.ndarray) -> np.ndarray:
    """Return the numbers of the rows in ascending order, the earlier of equals first.

    The stable sort takes four times as long, and random numbers hardly ever are equal.
    """
    import numpy as np

    found = np.argsort(order)
    numbers = order[found]
    if (numbers[1:] == numbers[:-1]).any():
        return np.argsort(order, kind="stable")
    return found


def _place_in_class(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return where each row stands within its class, evenly spaced in (0, 1), float64 [rows]."""
    import numpy as np

    sizes = np.bincount(labels)
    by_order = _sorted(order)
    # Small integers are sorted by radix.
    few = labels.astype(np.uint16) if len(sizes) <= MOST_UINT16 else labels
    by_class = by_order[np.argsort(few[by_order], kind="stable")]
    place = np.empty(len(order))
    start = 0
    for size in sizes:
        place[by_class[start : start + size]] = (np.arange(size) + 0.5) / size
        start += size
    return place
