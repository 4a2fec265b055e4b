"""Scales of numbers: what is learnt, and the steps that need more than a line."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mlfw_tabular.prepare.encoder import deviation

if TYPE_CHECKING:
    import numpy as np

INTERVALS = 128  # a power of two, for the search by halves
QUANTILE_SAMPLE = 200_000
NORMAL_MIDDLE_HALF = 1.3489795


class Scale(StrEnum):
    """How a number is scaled."""

    standard = "standard"
    robust = "robust"
    minmax = "minmax"
    log = "log"
    quantile = "quantile"
    none = "none"


def learn_scale(filled: np.ndarray, present: np.ndarray, scale: Scale) -> dict[str, Any]:
    """Return `centre` and `width`, or `knots` and `levels`, as a `NumberEncoder` holds them.

    Args:
        filled: The training values, [rows], none missing.
        present: Those that were not missing, [values].
        scale: How they are to be scaled.
    """
    import numpy as np

    if scale is Scale.quantile:
        knots, levels = _knots(present)
        return {"knots": knots, "levels": levels}
    if scale is Scale.none or not len(filled):
        return {}
    if scale is Scale.robust:
        low, middle, high = np.quantile(sampled(filled), [0.25, 0.5, 0.75])
        return _line(middle, (high - low) / NORMAL_MIDDLE_HALF)
    if scale is Scale.minmax:
        return _line(filled.min(), filled.max() - filled.min())
    values = signed_log(np, filled) if scale is Scale.log else filled
    return _line(values.mean(), values.std())


def _line(centre: Any, width: Any) -> dict[str, float]:
    return {"centre": float(centre), "width": deviation(float(width))}


def _knots(present: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return quantiles of the values, ascending, and those of the normal distribution.

    Values that make up several quantiles stand once, at the mean of their levels. The last knot
    is repeated until there are `INTERVALS` + 1.
    """
    from statistics import NormalDist

    import numpy as np

    if not len(present):
        present = np.zeros(1)
    ordered = np.sort(sampled(present))
    shares = np.linspace(0, 1, INTERVALS + 1)
    quantiles = ordered[np.rint(shares * (len(ordered) - 1)).astype(np.int64)]
    normal = NormalDist()
    places = (np.arange(INTERVALS + 1) + 0.5) / (INTERVALS + 1)
    levels = np.asarray([normal.inv_cdf(place) for place in places.tolist()])
    knots, which = np.unique(quantiles, return_inverse=True)
    means = np.bincount(which, levels) / np.bincount(which)
    rest = INTERVALS + 1 - len(knots)
    return (
        tuple(np.pad(knots, (0, rest), mode="edge").tolist()),
        tuple(np.pad(means, (0, rest), mode="edge").tolist()),
    )


def sampled(values: np.ndarray) -> np.ndarray:
    """Return every n-th value, so that there are no more than 200,000 to be ordered."""
    return values[:: max(-(-len(values) // QUANTILE_SAMPLE), 1)]


def signed_log(xp: Any, x: Any) -> Any:
    """Return sign(x) log(1 + |x|)."""
    return xp.sign(x) * xp.log1p(xp.abs(x))


def interpolated(xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:
    """Return the levels that values have between knots, by linear interpolation.

    The knots around a value are found by halves, with comparisons and look-ups only: a sorted
    search is no operator of ONNX.

    Args:
        xp: `numpy` or `mlfw_onnx.arrays`.
        x: float [rows, columns].
        constants: `knots` and `levels`, float [columns * (INTERVALS + 1)], and `first`, where
            each column's begin, int64 [columns].
    """
    knots, levels = constants["knots"], constants["levels"]
    index = xp.zeros_like(x, dtype=xp.int64) + constants["first"]
    step = INTERVALS // 2
    while step:
        index = xp.where(knots[index + step] <= x, index + step, index)
        step //= 2
    low, high = knots[index], knots[index + 1]
    width = high - low
    place = (x - low) / xp.where(width > 0, width, xp.ones_like(width))
    place = xp.where(width > 0, xp.clip(place, 0.0, 1.0), xp.zeros_like(place))
    return levels[index] + place * (levels[index + 1] - levels[index])
