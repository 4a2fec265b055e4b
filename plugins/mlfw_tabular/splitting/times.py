"""Dividing by time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def by_time(times: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Return which part each row falls into, the oldest rows into the first.

    Equal times are not torn apart; each cut lies as near to where the shares want it as that
    allows, and leaves no part empty.

    Args:
        times: Times in any unit, [rows]. There are as many different ones as parts, or more.
        shares: The share of each part.

    Returns:
        The number of the part, int64 [rows].
    """
    import numpy as np

    distinct, counts = np.unique(times, return_counts=True)
    return np.searchsorted(cuts(distinct, counts, shares), times, side="left")


def cuts(distinct: np.ndarray, counts: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Return the last time of each part but the last, [parts - 1]; see `by_time`.

    Args:
        distinct: The different times, ascending.
        counts: How many rows each has.
        shares: The share of each part.
    """
    import numpy as np

    older = np.cumsum(counts)  # how many rows a cut behind each time leaves on its left
    wanted = np.cumsum(shares)[:-1] / np.sum(shares) * older[-1]
    places: list[int] = []
    last = len(distinct) - 1
    for number in range(len(wanted) - 1, -1, -1):
        apart = np.abs(older[number:last] - wanted[number])
        last = number + int(apart.argmin())
        places.insert(0, last)
    ends: np.ndarray = distinct[places]
    return ends
