"""Columns whose values differ between training and the other splits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from mlfw import Action, Column, Kind
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw_tabular.checks.base import LeavesColumnsOut, Problem
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.values import codes, floats, sample, sampled, taken

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SAMPLE = 20_000
LEAST_ROWS = 20
LEAST_KS = 0.1
LEAST_PSI = 0.2
FALSE_ALARMS = 1e-3
LEAST_EXPECTED = 5


class Drift(LeavesColumnsOut[Parts]):
    """Columns that are distributed otherwise in validation or test than in training.

    For numbers and dates by the Kolmogorov-Smirnov distance of at least 0.1, for categories and
    booleans by a population stability index of at least 0.2; and by more than chance would do in
    one of 1000 random divisions of the data, however small and however many columns it has.
    """

    name = "drift"
    default = Action.warn

    def find(self, data: Parts) -> list[Problem]:
        """Return the columns."""
        kinds = [Kind.number, Kind.category, Kind.boolean]
        if not data.context.split.time:  # dates differ where rows are divided by time
            kinds.append(Kind.datetime)
        columns = data.of_kind(*kinds)
        chance = FALSE_ALARMS / max(2 * len(columns), 1)
        rows = {split: _rows(data, split) for split in (TRAIN, VALIDATION, TEST)}
        most = max(data.count(split) for split in rows)
        problems = []
        for column, splits in columns:
            some = {split: taken(splits[split], own) for split, own in rows.items()}
            found = _drifts(column, some, chance, _independent(data))
            if found:
                message = f"differs from training in {found}{sampled(most, SAMPLE)}"
                problems.append(Problem(message=message, column=column.name))
        return problems


def _rows(data: Parts, split: str) -> np.ndarray | None:
    return sample(data.count(split), data.context.seed, SAMPLE)


def _independent(data: Parts) -> dict[str, int]:
    """Return how many independent values a split has at most: rows of one group are not."""
    group = data.context.split.group
    if not group or group not in data.arrays[TRAIN]:
        return {split: data.count(split) for split in data.arrays}
    return {split: len(arrays[group].drop_null().unique()) for split, arrays in data.arrays.items()}


def _drifts(
    column: Column, splits: dict[str, pa.Array], chance: float, most: dict[str, int]
) -> str:
    """Return in which splits a column differs, with how much: `validation (KS 0.34)`."""
    found = []
    for split in (VALIDATION, TEST):
        sizes = [min(len(splits[name]), most[name]) for name in (TRAIN, split)]
        if min(sizes) < LEAST_ROWS:
            continue
        if column.kind in (Kind.number, Kind.datetime):
            distance = kolmogorov_smirnov(floats(splits[TRAIN]), floats(splits[split]))
            if distance >= max(LEAST_KS, ks_by_chance(*sizes, chance=chance)):
                found.append(f"{split} (KS {distance:.2f})")
        else:
            index, bins = stability_index(splits[TRAIN], splits[split], min(sizes))
            if index >= max(LEAST_PSI, psi_by_chance(*sizes, bins=bins, chance=chance)):
                found.append(f"{split} (PSI {index:.2f})")
    return " and ".join(found)


def kolmogorov_smirnov(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest distance of two distribution functions; NaN counts as the largest value.

    Args:
        first: float64 [rows].
        second: float64 [rows].
    """
    import numpy as np

    a, b = (np.sort(np.where(np.isnan(values), np.inf, values)) for values in (first, second))
    at = np.concatenate([a, b])
    distance = np.abs(_share_up_to(a, at, "right") - _share_up_to(b, at, "right")).max()
    # At infinity, where missing values stand, both functions are 1: look just below it too.
    missing = abs(_share_up_to(a, np.inf, "left") - _share_up_to(b, np.inf, "left"))
    return float(max(distance, missing))


def _share_up_to(ordered: np.ndarray, at: Any, side: Literal["left", "right"]) -> Any:
    import numpy as np

    return np.searchsorted(ordered, at, side=side) / len(ordered)


def ks_by_chance(first: int, second: int, *, chance: float) -> float:
    """Return the distance that two samples of one distribution exceed that seldom.

    The asymptotic law of the two-sample statistic (Smirnov, 1948).
    """
    return math.sqrt(-math.log(chance / 2) / 2 * (first + second) / (first * second))


def stability_index(first: pa.Array, second: pa.Array, smallest: int) -> tuple[float, int]:
    """Return the population stability index of two columns of categories, and of how many bins.

    Categories of which the smaller sample should have fewer than 5 share a bin; missing values
    are a category. Siddiqi, Credit Risk Scorecards (2006).
    """
    import numpy as np
    import pyarrow as pa

    both = pa.chunked_array([first, second]).combine_chunks()
    own, _ = codes(both)
    one = np.bincount(own[: len(first)] + 1, minlength=own.max() + 2).astype(float)
    two = np.bincount(own[len(first) :] + 1, minlength=own.max() + 2).astype(float)
    rare = (one + two) / len(own) * smallest < LEAST_EXPECTED
    one, two = (np.append(sizes[~rare], sizes[rare].sum()) for sizes in (one, two))
    filled = one + two > 0
    p, q = ((sizes[filled] + 0.5) / (sizes.sum() + 0.5 * filled.sum()) for sizes in (one, two))
    return float(((p - q) * np.log(p / q)).sum()), int(filled.sum())


def psi_by_chance(first: int, second: int, *, bins: int, chance: float) -> float:
    """Return the index that two samples of one distribution exceed that seldom.

    The index is about (1 / first + 1 / second) times chi-squared of bins - 1 degrees of freedom,
    whose tail Laurent and Massart (2000) bound.
    """
    degrees, t = max(bins - 1, 1), -math.log(chance)
    tail = degrees + 2 * math.sqrt(degrees * t) + 2 * t
    return tail * (1 / first + 1 / second)
