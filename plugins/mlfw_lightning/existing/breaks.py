"""What happens between the batches of an existing module."""

from __future__ import annotations

import time
from typing import Any

import pytorch_lightning as pl

from mlfw import StopRequested
from mlfw_lightning.loop.agree import agreed
from mlfw_lightning.loop.breaks import TELL_SECONDS
from mlfw_lightning.loop.clock import Clock
from mlfw_lightning.loop.watch import Watch

# Processes ask one another that seldom.
BATCHES_A_QUESTION = 8


class ExistingBreaks(pl.Callback):
    """Tells how far the training is, and ends it when that is wanted or its time is over.

    A training that is asked to stop ends at once: its module may hold what no checkpoint within
    an epoch can, so it is continued from the end of the epoch before.
    """

    def __init__(self, watch: Watch, clock: Clock) -> None:
        self._watch = watch
        self._clock = clock
        self._told = self._began = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,  # noqa: ARG002 - Lightning's signature
        outputs: Any,  # noqa: ARG002
        batch: Any,  # noqa: ARG002
        batch_idx: int,
    ) -> None:
        """Do what is due.

        Raises:
            StopRequested: The training is to end.
        """
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            self._tell(trainer, batch_idx + 1)
        last = batch_idx + 1 == trainer.num_training_batches
        if trainer.world_size > 1 and (batch_idx + 1) % BATCHES_A_QUESTION and not last:
            return
        stop, over = agreed(self._watch.stopping(), self._clock.over, world=trainer.world_size)
        if stop:
            raise StopRequested
        if over:
            trainer.should_stop = True

    def _tell(self, trainer: pl.Trainer, made: int) -> None:
        loader = trainer.train_dataloader
        rows = (getattr(loader, "batch_size", None) or 1) * trainer.world_size
        batches = trainer.num_training_batches
        if isinstance(batches, int) and trainer.max_epochs:
            done = trainer.current_epoch * batches + made
            logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
            self._watch.progress(done * rows, trainer.max_epochs * batches * rows, logged)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Note when validation begins."""
        self._began = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002
        """Note how long it took."""
        self._clock.validation = time.monotonic() - self._began

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"seconds": self._clock.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Count the time on from a checkpoint."""
        self._clock.before += state_dict["seconds"]
