"""The learning rate in the course of training.

What a schedule makes of the learning rate follows from the step alone, so that a training that
was killed continues with nothing to remember; only what validation has lowered is a state.
"""

from __future__ import annotations

import math
from typing import Any

from torch.optim import Optimizer

from mlfw_lightning.learning.optimisation import Optimisation, Schedule

ONE_CYCLE_RISE = 0.3
# As torch.optim.lr_scheduler.OneCycleLR has them.
ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = ONE_CYCLE_START / 1e4


def schedule_factor(options: Optimisation, step: int, total: int) -> float:
    """Return what a schedule multiplies the learning rate by.

    Args:
        options: The schedule, its warm-up and its drops.
        step: How many steps have been taken.
        total: How many steps the whole training has; later steps are as the last.

    Returns:
        From 0 to 1. Linear and cosine end at 0 when all steps have been taken.
    """
    if options.schedule is Schedule.one_cycle:
        rise = ONE_CYCLE_RISE if options.warmup is None else options.warmup
        return _one_cycle(step, total, rise)
    warm = round((options.warmup or 0.0) * total)
    if step < warm:
        return (step + 1) / (warm + 1)
    done, remaining = min(step, total) - warm, max(total - warm, 1)
    if options.schedule is Schedule.cosine:
        return _between(1.0, 0.0, done / remaining)
    if options.schedule is Schedule.linear:
        return 1 - done / remaining
    if options.schedule is Schedule.step:
        drops = done * (options.schedule_drops + 1) // remaining
        return float(options.schedule_factor ** min(drops, options.schedule_drops))
    return 1.0


def _one_cycle(step: int, total: int, rise: float) -> float:
    """Return the factor of one rise and one fall, each half a cosine (Smith 2018)."""
    peak, last = max(rise * total - 1, 0.0), max(total - 1, 0)
    if step < peak:
        return _between(ONE_CYCLE_START, 1.0, step / peak)
    if last <= peak:
        return 1.0
    return _between(1.0, ONE_CYCLE_END, (min(step, last) - peak) / (last - peak))


def _between(start: float, end: float, share: float) -> float:
    """Return a point on half a cosine from one value to another."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


class LearningRate:
    """The learning rate of a training: the schedule's, lowered by what validation says.

    Attributes:
        lowered: What all that lowered it, beside the schedule, multiplies it by.
    """

    def __init__(self, options: Optimisation, total: int) -> None:
        """Begin at the first step.

        Args:
            options: The learning rate and its schedule.
            total: How many steps the whole training has at most.
        """
        self._options = options
        self._total = total
        self._best = math.inf
        self._bad_epochs = 0
        self._written: tuple[Optimizer, float] | None = None
        self.lowered = 1.0

    def factor(self, step: int) -> float:
        """Return what the learning rate is multiplied by when so many steps have been taken."""
        return self.lowered * schedule_factor(self._options, step, self._total)

    def set(self, optimizer: Optimizer, step: int) -> None:
        """Give an optimiser its learning rates; to be called before each step.

        Args:
            optimizer: As `build_optimizer` made it: its groups have a `scale`.
            step: How many steps have been taken.
        """
        factor = self.factor(step)
        if self._written is not None and self._written == (optimizer, factor):
            return
        for group in optimizer.param_groups:
            group["lr"] = self._options.learning_rate * group["scale"] * factor
        self._written = (optimizer, factor)

    def epoch_ended(self, validation_loss: float) -> bool:
        """Lower the learning rate if the schedule is plateau and the loss no longer falls.

        Args:
            validation_loss: Of the epoch.

        Returns:
            Whether the learning rate was lowered.
        """
        if validation_loss < self._best:
            self._best, self._bad_epochs = validation_loss, 0
            return False
        self._bad_epochs += 1
        reached = self._bad_epochs >= self._options.schedule_patience
        if self._options.schedule is not Schedule.plateau or not reached:
            return False
        self._bad_epochs = 0
        self.lower(self._options.schedule_factor)
        return True

    def lower(self, factor: float) -> None:
        """Multiply the learning rate of all later steps."""
        self.lowered *= factor

    def state_dict(self) -> dict[str, Any]:
        """Return what cannot be told from the step, as numbers."""
        return {"lowered": self.lowered, "best": self._best, "bad_epochs": self._bad_epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self.lowered, self._best = state["lowered"], state["best"]
        self._bad_epochs = state["bad_epochs"]
        self._written = None
