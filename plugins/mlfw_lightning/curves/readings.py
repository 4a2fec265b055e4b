"""The numbers that a diagnosis of a training follows from, read off its curve.

Smoothed numbers decide, so that noise does not; sentences quote logged values with their epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mlfw_lightning.curves.curve import (
    SHORTEST,
    Curve,
    Numbers,
    Trend,
    is_falling,
    noise,
    smoothed,
    window_of,
)

# Less than these shares of the loss, and of what a constant prediction loses, is no improvement.
LEAST_OF_LOSS, LEAST_OF_SCALE = 5e-3, 5e-4
LAST = 3
# With fewer epochs only values that explode tell anything.
FEWEST = 5
# From which share of the loss of a constant prediction on a network has learnt nothing.
NEAR_BASELINE = 0.9
# A larger share of the best value is an improvement, however much noise there is.
HARDLY = 0.05
DIGITS, MOST_DIGITS = 4, 9


@dataclass(frozen=True)
class Reading:
    """A curve's numbers; everything is turned so that less is better.

    Attributes:
        curve: What was read.
        validation: Its validation values, float64 [epochs].
        train: Its training values, float64 [epochs]; [0] where they are not known.
        scale: What differences are small or large against: the loss of a constant prediction, or
            where that is not known the values at the start and at the best epoch.
        best_epoch: The epoch with the lowest validation value, from 1.
        lowest: The lowest validation value but for single outliers.
        now: The median of the last three validation values.
        window: How many last epochs the trend is taken from.
        least: How far the validation values must fall in it to count as improving.
        falls: Whether they do.
    """

    curve: Curve
    validation: np.ndarray
    train: np.ndarray
    scale: float
    best_epoch: int
    lowest: float
    now: float
    window: int
    least: float
    falls: bool

    @classmethod
    def of(cls, curve: Curve) -> Reading:
        """Read a curve of at least three epochs, of finite values."""
        sign = -1.0 if curve.higher_is_better else 1.0
        validation = sign * np.asarray(curve.validation, dtype=float)
        now, lowest = _last(validation), float(smoothed(validation).min())
        scale = curve.baseline or max(abs(float(validation[0])), abs(lowest)) or 1.0
        window = min(window_of(curve.epochs), curve.since_drop())
        least = max(LEAST_OF_LOSS * abs(now), LEAST_OF_SCALE * scale)
        return cls(
            curve=curve,
            validation=validation,
            train=sign * np.asarray(curve.train, dtype=float),
            scale=scale,
            best_epoch=int(validation.argmin()) + 1,
            lowest=lowest,
            now=now,
            window=window,
            least=least,
            falls=window > 1 and is_falling(validation[-window:], least),
        )

    @property
    def since(self) -> int:
        """How many epochs have ended since the best one."""
        return self.curve.epochs - self.best_epoch

    @cached_property
    def noise(self) -> float:
        """The deviation of the validation values from a smooth curve."""
        return noise(self.validation)

    @property
    def knows_train(self) -> bool:
        """Whether there are training values."""
        return len(self.train) > 0

    @cached_property
    def train_now(self) -> float:
        """The median of the last three training values."""
        return _last(self.train)

    @cached_property
    def train_at_best(self) -> float:
        """The training value at the best epoch, but for outliers."""
        return float(smoothed(self.train)[self.best_epoch - 1])

    @property
    def gap(self) -> float:
        """By how much the training values are better than those of validation, in scales."""
        return (self.now - self.train_now) / self.scale

    @property
    def baseline(self) -> float | None:
        """The loss of a constant prediction, where losses are measured and it is known."""
        return None if self.curve.higher_is_better else self.curve.baseline

    def fitted(self) -> np.ndarray:
        """Return the training values, or those of validation where they are not known."""
        return self.train if self.knows_train else self.validation

    @property
    def last(self) -> float:
        """The validation value of the last epoch."""
        return float(self.validation[-1])

    @property
    def best(self) -> float:
        """The validation value of the best epoch."""
        return float(self.validation[self.best_epoch - 1])

    @property
    def sign(self) -> float:
        """What turns a value of this reading into the logged one, and back."""
        return -1.0 if self.curve.higher_is_better else 1.0

    def validation_at(self, *epochs: int) -> list[str]:
        """Return the logged validation values of some epochs, from 1, in words."""
        return quoted(self.curve.validation, epochs)

    def train_at(self, *epochs: int) -> list[str]:
        """Return the logged training values of some epochs, from 1, in words."""
        return quoted(self.curve.train, epochs)

    @cached_property
    def visible(self) -> float:
        """The least improvement that would stand out from the noise, or is none to speak of."""
        trend = Trend.of(self.validation[-self.window :])
        noisy = 2 * trend.error * (self.window - 1)
        return min(max(self.least, noisy), HARDLY * abs(self.best))

    @cached_property
    def stands_since(self) -> int:
        """The first epoch, from 1, on which no later one has improved by more than is visible."""
        return int((self.validation <= self.best + self.visible).argmax()) + 1

    @property
    def stalled(self) -> bool:
        """Whether there has been no improvement for some epochs."""
        if self.falls or self.window < SHORTEST:
            return False
        return self.curve.epochs - self.stands_since >= FEWEST


def quoted(values: Numbers, epochs: Sequence[int]) -> list[str]:
    """Return logged values as `0.4142`, with as many digits as tell those apart that differ.

    Args:
        values: One an epoch.
        epochs: Of which epochs, from 1.
    """
    chosen = [float(values[epoch - 1]) for epoch in epochs]
    for digits in range(DIGITS, MOST_DIGITS):
        words = [f"{value:.{digits}g}" for value in chosen]
        if len(set(words)) == len(set(chosen)):
            return words
    return [f"{value:.{MOST_DIGITS}g}" for value in chosen]


def title(name: str) -> str:
    """Return a name as it begins a sentence; one that code has given stays as it is."""
    return name[:1].upper() + name[1:] if " " in name else name


def _last(values: np.ndarray) -> float:
    return float(smoothed(values[-LAST:])[1])
