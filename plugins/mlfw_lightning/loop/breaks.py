"""What happens between two steps: is the loss still a number, is there time, who wants to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import Tensor

from mlfw import StopRequested
from mlfw_lightning.loop.agree import agreed
from mlfw_lightning.loop.divergence import diverged
from mlfw_lightning.loop.steps import Step, Steps

if TYPE_CHECKING:
    from mlfw import Rank
    from mlfw_lightning.loop.clock import Clock
    from mlfw_lightning.loop.watch import Watch

TELL_SECONDS = 0.15
# Reading a loss from another device makes the two wait for one another.
STEPS_A_READING = 20


class Breaks:
    """Called after every step.

    Attributes:
        epoch: Which epoch it is, from 0.
    """

    def __init__(
        self,
        *,
        steps: Steps,
        names: tuple[str, ...],
        epochs: int,
        watch: Watch,
        rank: Rank,
        clock: Clock,
        keep: Callable[[int], None] | None,
        keep_seconds: float,
    ) -> None:
        """Take what is to be looked after.

        Args:
            steps: The steps of every epoch.
            names: The names of the numbers that go into the network.
            epochs: How many epochs there are at most.
            watch: Whom to tell and to ask.
            rank: Which process of how many this is; they decide alike, at the end of chunks.
            clock: How much time there is.
            keep: Keeps a checkpoint after so many steps of the epoch; None to keep none.
            keep_seconds: After how many seconds to keep one within an epoch.
        """
        self.epoch = 0
        self._steps = steps
        self._names = names
        self._epochs = epochs
        self._watch = watch
        self._rank = rank
        self._clock = clock
        self._keep = keep
        self._keep_seconds = keep_seconds
        self._kept = self._told = time.monotonic()
        self._unread: list[tuple[int, Tensor]] = []

    def after_step(self, step: Step, loss: Tensor) -> bool:
        """Do what is due and return whether to leave out the rest of the epoch.

        Raises:
            UserError: The loss is no number.
            StopRequested: The training is to end, and a checkpoint has been kept.
        """
        self._read(step.number, loss)
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._tell(step, loss, now)
        made = step.number + 1
        if self._rank.world > 1 and made % self._steps.chunk and made < self._steps.number:
            return False
        keep = self._keep is not None and now - self._kept >= self._keep_seconds
        stop, keep, over = agreed(
            self._watch.stopping(), keep, self._clock.over, world=self._rank.world
        )
        if stop or keep:
            self._kept = now
            if self._keep is not None:
                self._keep(made)
        if stop:
            raise StopRequested
        return over

    def epoch_ended(self) -> None:
        """Take note that a checkpoint has been kept at the end of an epoch."""
        self._kept = time.monotonic()

    def _read(self, number: int, loss: Tensor) -> None:
        """Look at the losses that have not been looked at, now and then."""
        self._unread.append((number, loss))
        last = number + 1 == self._steps.number
        if loss.device.type != "cpu" and len(self._unread) < STEPS_A_READING and not last:
            return
        for at, each in self._unread:
            value = float(each)
            if value - value != 0:  # infinite or not a number
                raise diverged(self._steps, self._names, self.epoch, at, value)
        self._unread.clear()

    def _tell(self, step: Step, loss: Tensor, now: float) -> None:
        self._told = now
        rows = sum(len(batch.targets[0]) for batch in step.batches)
        made = self.epoch * self._steps.number + step.number + 1
        scale = self._steps.rows / self._steps.number
        self._watch.progress(
            round(made * scale),
            round(self._epochs * self._steps.number * scale),
            {"loss": float(loss) / max(rows, 1)},
        )
