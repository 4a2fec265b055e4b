"""The curves of a training, and what statistics can tell of them in spite of their noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

# The window must hold enough epochs for a trend to stand out, and not reach back too far.
SHORTEST, LONGEST = 8, 30
# One-sided level of the test for a trend; five values that all fall just pass it.
LEVEL = 0.02
# By how much the learning rate must drop between two epochs to begin a new part of the curve.
SUDDEN_DROP = 0.55
# The deviation of normal noise, in medians of its absolute value.
DEVIATIONS_A_MEDIAN = 1.4826
Numbers = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Curve:
    """What a training has measured so far, one value an epoch; `()` for what is not known.

    Attributes:
        validation: The validation loss, or the value that decides which epoch was best.
        train: The same of the training rows, measured while they were learnt from.
        baseline: The loss of the best constant prediction; None where that is not known.
        correct: The share of training rows predicted right, 0 to 1.
        learning_rates: The learning rate at each epoch's end.
        names: What the values of `train` and `validation` are called.
        higher_is_better: Whether `train` and `validation` are no losses, and should rise.
    """

    validation: Numbers
    train: Numbers = ()
    baseline: float | None = None
    correct: Numbers = ()
    learning_rates: Numbers = ()
    names: tuple[str, str] = ("training loss", "validation loss")
    higher_is_better: bool = field(default=False, kw_only=True)

    @property
    def epochs(self) -> int:
        """How many epochs have been measured."""
        return len(self.validation)

    def since_drop(self) -> int:
        """Return how many epochs have ended since the learning rate dropped suddenly, or began."""
        rates = self.learning_rates
        for index in range(len(rates) - 1, 0, -1):
            if rates[index] < SUDDEN_DROP * rates[index - 1]:
                return len(rates) - index
        return self.epochs

    def warms_up(self) -> bool:
        """Return whether the learning rate still rises."""
        return len(self.learning_rates) > 1 and self.learning_rates[-1] > self.learning_rates[-2]


@dataclass(frozen=True)
class Trend:
    """A straight line through the last epochs.

    Attributes:
        epochs: How many it goes through.
        slope: By how much the values rise an epoch: the median over all pairs of epochs (Theil
            1950, Sen 1968), which a few outliers do not move.
        error: The slope's standard error, from the noise.
        chance: How probable so many falls are where there is no trend: the one-sided test of Mann
            (1945) and Kendall (1975).
    """

    epochs: int
    slope: float
    error: float
    chance: float

    @property
    def fall(self) -> float:
        """By how much the line falls from its first to its last epoch."""
        return -self.slope * (self.epochs - 1)

    @classmethod
    def of(cls, values: Numbers, deviation: float | None = None) -> Trend:
        """Return the trend of at least two values, the noise measured where it is not given."""
        array = np.asarray(values, dtype=float)
        count = len(array)
        first, second = np.triu_indices(count, 1)
        rises = array[second] - array[first]
        slope = float(np.median(rises / (second - first)))
        spread = math.sqrt(count * (count**2 - 1) / 12)
        deviation = noise(array) if deviation is None else deviation
        return cls(count, slope, deviation / spread, _chance_of_fall(array, rises))


def _chance_of_fall(array: np.ndarray, rises: np.ndarray) -> float:
    """Return the Mann-Kendall test's probability, in its normal approximation with ties."""
    count = len(array)
    balance = float(np.sign(rises).sum())
    ties = np.unique(array, return_counts=True)[1]
    variance = _kendall(count) - sum(_kendall(int(size)) for size in ties if size > 1)
    if variance <= 0:
        return 0.5
    score = (balance + 1) / math.sqrt(variance) if balance < 0 else 0.0
    return 0.5 * math.erfc(-score / math.sqrt(2))


def _kendall(count: int) -> float:
    return count * (count - 1) * (2 * count + 5) / 18


def noise(values: Numbers) -> float:
    """Return the standard deviation of the noise about a smooth curve; 0 for under 3 values.

    From how far each value lies from the mean of its neighbours (Gasser, Sroka and
    Jennen-Steinmetz 1986), by the median, so that steep parts and outliers count little.
    """
    array = np.asarray(values, dtype=float)
    if len(array) < 3:
        return 0.0
    residuals = (array[:-2] + array[2:]) / 2 - array[1:-1]
    return float(DEVIATIONS_A_MEDIAN * math.sqrt(2 / 3) * np.median(np.abs(residuals)))


def smoothed(values: Numbers) -> np.ndarray:
    """Return the running median of three values, float64 [epochs]; the ends stay as they are."""
    array = np.asarray(values, dtype=float)
    if len(array) < 3:
        return array
    low, high = np.minimum(array[:-2], array[1:-1]), np.maximum(array[:-2], array[1:-1])
    middle = np.maximum(low, np.minimum(high, array[2:]))
    return np.concatenate([array[:1], middle, array[-1:]])


def window_of(epochs: int) -> int:
    """Return over how many of so many last epochs to look: half of them, 8 to 30."""
    return min(epochs, max(SHORTEST, min(epochs // 2, LONGEST)))


def is_falling(values: Numbers, least: float) -> bool:
    """Return whether values fall, by more than chance and by more than `least` over all of them.

    Where the last values alone do not, the whole must, and the last must not be so flat that
    noise cannot explain it: then the fall has come to its end.
    """
    deviation = noise(values)
    tail = Trend.of(values[-SHORTEST:], deviation)
    if tail.chance < LEVEL and tail.fall > least:
        return True
    whole = Trend.of(values, deviation)
    if whole.chance >= LEVEL or whole.fall <= least:
        return False
    fastest = 2 * tail.error - tail.slope
    return fastest >= -whole.slope / 2 and fastest * (len(values) - 1) > least


def is_steady(values: Numbers) -> bool:
    """Return whether values fall beyond doubt, in their second half about as fast as before."""
    half = len(values) // 2
    if half < 2 or Trend.of(values).chance >= LEVEL / 20:
        return False
    before, after = (Trend.of(part).slope for part in (values[:half], values[half:]))
    return before < 0 and after < before / 2
