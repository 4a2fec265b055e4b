"""How far two distributions are apart, and whether chance explains it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

LEAST_EXPECTED = 5  # Cochran (1954): rows that a bin should have in the smaller sample
MOST_BINS = 10


def merged_bins(
    first: np.ndarray, second: np.ndarray, *, ordered: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return counts in fewer bins, each large enough for the smaller sample.

    Args:
        first: Rows per bin in one sample, [bins].
        second: The same in the other.
        ordered: Whether only neighbours may be joined; else all small bins become one.
    """
    import numpy as np

    total = first.sum() + second.sum()
    if not total:
        return first, second
    smallest = min(first.sum(), second.sum())
    expected = (first + second) / total * smallest
    if not ordered:
        small = expected < LEAST_EXPECTED
        if not small.any():
            return first, second
        one, two = (np.append(each[~small], each[small].sum()) for each in (first, second))
        filled = one + two > 0
        return one[filled], two[filled]
    least = max(LEAST_EXPECTED, smallest / MOST_BINS)
    starts, since = [0], 0.0
    for place, size in enumerate(expected.tolist()):
        if since >= least and expected[place:].sum() >= least:
            starts.append(place)
            since = 0.0
        since += size
    return np.add.reduceat(first, starts), np.add.reduceat(second, starts)


def stability_index(first: np.ndarray, second: np.ndarray) -> float:
    """Return the population stability index of two samples (Siddiqi, Credit Risk Scorecards, 2006).

    Half a row is added to each bin, so that an empty one has a logarithm.

    Args:
        first: Rows per bin, [bins].
        second: The same in the other sample.
    """
    import numpy as np

    p, q = ((each + 0.5) / (each.sum() + 0.5 * len(each)) for each in (first, second))
    return float(((p - q) * np.log(p / q)).sum())


def chance_index(first: float, second: float, bins: int) -> float:
    """Return the index that two samples of one distribution have on average.

    It is (bins - 1) (1 / first + 1 / second); Yurdakul, Statistical Properties of Population
    Stability Index (2018).

    Args:
        first: Rows of one sample.
        second: Rows of the other.
        bins: How many bins.
    """
    if min(first, second) <= 0:
        return math.inf
    return max(bins - 1, 0) * (1 / first + 1 / second)


def rows_needed(first: float, bins: int, index: float, chance: float) -> int | None:
    """Return how many rows show an index of this size beyond chance; None if no number does.

    Chance alone gives about (1 / first + 1 / rows) times chi-squared of bins - 1 degrees of
    freedom.

    Args:
        first: Rows of the training sample.
        bins: How many bins.
        index: The population stability index to be seen.
        chance: How seldom chance alone may show it.
    """
    from scipy.stats import chi2

    if bins < 2 or first <= 0:
        return None
    left = index / float(chi2.isf(chance, bins - 1)) - 1 / first
    return math.ceil(1 / left) if left > 0 else None


def smirnov(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the Kolmogorov-Smirnov distance of two samples of numbers, and its p-value.

    The distribution functions are compared at the edges of the bins, which can only make the
    distance smaller and the p-value larger (Smirnov, 1948).

    Args:
        first: Rows per bin, in order, [bins].
        second: The same in the other sample.
    """
    import numpy as np
    from scipy.stats import kstwobign

    n, m = float(first.sum()), float(second.sum())
    if not n or not m:
        return 0.0, 1.0
    distance = float(np.abs(np.cumsum(first) / n - np.cumsum(second) / m).max())
    return distance, float(kstwobign.sf(distance * math.sqrt(n * m / (n + m))))


def chi_squared(first: np.ndarray, second: np.ndarray) -> float:
    """Return the p-value of the chi-squared test that two samples have one distribution.

    Args:
        first: Rows per bin, [bins].
        second: The same in the other sample.
    """
    import numpy as np
    from scipy.stats import chi2_contingency

    table = np.stack([first, second])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 1.0
    return float(chi2_contingency(table, correction=False).pvalue)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for how many tests there are (Holm, 1979).

    Where none of the columns has moved, the chance that any adjusted value is below a limit is at
    most that limit.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    found, largest = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(p_values[place] * (len(p_values) - rank), 1.0))
        found[place] = largest
    return found
