"""What happens at the end of an epoch: report, keep the best, decide to stop, checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from mlfw import UserError
from mlfw_lightning.batches import derived_seed
from mlfw_lightning.checkpoint import Checkpoints
from mlfw_lightning.module import Module

TRAIN, VALIDATION = "train/loss", "validation/loss"


class Epochs(pl.Callback):
    """Keeps the state of a training from epoch to epoch.

    Attributes:
        best: The weights of the epoch with the lowest validation loss.
        best_loss: That loss.
        waited: How many epochs have ended since.
    """

    def __init__(
        self,
        *,
        seed: int,
        patience: int | None,
        checkpoints: Checkpoints | None,
        report: Callable[[int, Mapping[str, float]], None],
    ) -> None:
        self.seed = seed
        self.patience = patience
        self.checkpoints = checkpoints
        self.report = report
        self.best: dict[str, Tensor] = {}
        self.best_loss = math.inf
        self.waited = 0
        self.stopped = False

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Continue from the last checkpoint, if there is one."""
        state = self.checkpoints.load() if self.checkpoints and trainer.is_global_zero else None
        if trainer.world_size > 1:
            state = trainer.strategy.broadcast(state)
        if state is None:
            return
        module.load_state_dict(state["weights"])
        trainer.optimizers[0].load_state_dict(state["optimizer"])
        self.best = state["best"]
        self.best_loss = state["best_loss"]
        self.waited = state["waited"]
        progress: Any = trainer.fit_loop.epoch_progress.current
        progress.ready = progress.started = state["epoch"]
        progress.processed = progress.completed = state["epoch"]
        if state["stopped"]:
            trainer.should_stop = True

    def on_train_epoch_start(
        self,
        trainer: pl.Trainer,
        module: pl.LightningModule,  # noqa: ARG002 - Lightning's signature
    ) -> None:
        """Let dropout follow from seed, epoch and process, so that no state need be kept."""
        torch.manual_seed(derived_seed(self.seed, trainer.current_epoch, trainer.global_rank, 1))

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Report the losses, keep the best weights, decide to stop, and checkpoint."""
        assert isinstance(module, Module)
        losses = module.take_losses()
        epoch = trainer.current_epoch + 1
        _check_finite(losses, epoch)
        if losses[VALIDATION] < self.best_loss:
            self.best_loss = losses[VALIDATION]
            self.best = {k: v.detach().cpu().clone() for k, v in module.state_dict().items()}
            self.waited = 0
        else:
            self.waited += 1
        if self.patience and self.waited >= self.patience:
            trainer.should_stop = self.stopped = True
        if trainer.local_rank == 0:
            if self.checkpoints is not None:
                self.checkpoints.save(self._state(trainer, module, epoch))
            self.report(epoch, losses)

    def _state(self, trainer: pl.Trainer, module: Module, epoch: int) -> dict[str, Any]:
        return {
            "epoch": epoch,
            "weights": module.state_dict(),
            "optimizer": trainer.optimizers[0].state_dict(),
            "best": self.best,
            "best_loss": self.best_loss,
            "waited": self.waited,
            "stopped": self.stopped,
        }


def _check_finite(losses: Mapping[str, float], epoch: int) -> None:
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise UserError(
                f"trainer: in epoch {epoch} the {name} is {loss}: the training diverges.",
                "Lower model.learning_rate, or set trainer.gradient_clip=1.",
            )
