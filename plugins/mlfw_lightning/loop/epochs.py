"""What happens at the ends of epochs: continue, keep the best, decide to stop, keep, report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
from torch import Tensor

from mlfw_lightning.loop.agree import check_same_start
from mlfw_lightning.loop.batches import Batches
from mlfw_lightning.loop.divergence import check_finite
from mlfw_lightning.loop.module import Module

if TYPE_CHECKING:
    from mlfw_lightning.curves.plateau import Plateau
    from mlfw_lightning.loop.breaks import Breaks
    from mlfw_lightning.loop.checkpoint import Checkpoints
    from mlfw_lightning.loop.clock import Clock
    from mlfw_lightning.loop.steps import Steps
    from mlfw_lightning.loop.watch import Watch

TRAIN, VALIDATION = "train/loss", "validation/loss"
STATISTICS_BATCHES = 100


class Epochs(pl.Callback):
    """Keeps the state of a training, from epoch to epoch and within one.

    Attributes:
        breaks: What is done between steps; set before the training begins.
        best: The weights of the epoch with the lowest validation loss.
        best_loss: That loss.
        waited: How many epochs have ended since.
        stopped: Whether the training has been stopped before its last epoch.
    """

    breaks: Breaks

    def __init__(
        self,
        *,
        steps: Steps,
        patience: int | None,
        plateau: Plateau,
        checkpoints: Checkpoints | None,
        watch: Watch,
        clock: Clock,
    ) -> None:
        self._plateau = plateau
        self._steps = steps
        self._patience = patience
        self._checkpoints = checkpoints
        self._watch = watch
        self._clock = clock
        self._judged = ExitStack()
        self._began = 0.0
        self.best: dict[str, Tensor] = {}
        self.best_loss = math.inf
        self.waited = 0
        self.stopped = False

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Continue from the last checkpoint, if there is one."""
        assert isinstance(module, Module)
        module.after_step = self.breaks.after_step
        for batches in (self._steps.batches, trainer.val_dataloaders):
            if isinstance(batches, Batches):
                batches.move(module.device)
        state = self._checkpoints.load() if self._checkpoints else None
        epoch, step = (state["epoch"], state["step"]) if state else (0, 0)
        check_same_start(epoch, step, world=trainer.world_size)
        if state is not None:
            self._continue(trainer, module, state)

    def on_train_epoch_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Take note of the epoch that begins."""
        assert isinstance(module, Module)
        self.breaks.epoch = trainer.current_epoch
        module.epoch_started(trainer.current_epoch)

    def on_validation_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Put the mean of the weights in the place of the last ones, where there is one."""
        assert isinstance(module, Module)
        self._began = monotonic()
        some = islice(self._steps.batches.starting(0), STATISTICS_BATCHES)
        self._judged.enter_context(module.judged(some))

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Keep the weights where none were better, and put the last ones back."""
        assert isinstance(module, Module)
        losses = module.losses()
        if losses[VALIDATION] < self.best_loss:
            self.best_loss, self.waited = losses[VALIDATION], 0
            weights = trainer.strategy.lightning_module_state_dict()
            self.best = {name: value.detach().cpu().clone() for name, value in weights.items()}
        else:
            self.waited += 1
        self._judged.close()
        self._clock.validation = monotonic() - self._began

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Report the losses, decide to stop, and keep a checkpoint."""
        assert isinstance(module, Module)
        losses = module.take_losses()
        check_finite(losses, trainer.current_epoch)
        rate = module.epoch_ended(losses[VALIDATION])
        self._decide(trainer, module, losses, rate)
        epoch = trainer.current_epoch + 1
        # Told first: an epoch that is told and not kept is trained, and told, again.
        self._watch.report(epoch, {**losses, "learning_rate": rate})
        self._keep(trainer, module, epoch, 0)
        self.breaks.epoch_ended()

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:  # noqa: ARG002
        """Say what the whole training tells."""
        self._note(self._plateau.ended())

    def _decide(
        self, trainer: pl.Trainer, module: Module, losses: Mapping[str, float], rate: float
    ) -> None:
        """Stop, or lower the learning rate, where that is due."""
        waited_long = self._patience is not None and self.waited >= self._patience
        decision = self._plateau.epoch_ended(
            trainer.current_epoch + 1,
            losses[TRAIN],
            losses[VALIDATION],
            rate,
            out_of_patience=waited_long,
        )
        self._note(decision.note)
        if decision.lowers:
            module.rate.lower(decision.factor)
            self.waited = 0
        elif waited_long or decision.stop:
            trainer.should_stop = True
        self.stopped = trainer.should_stop

    def _note(self, sentence: str) -> None:
        if sentence:
            self._watch.note(sentence)

    def keep_within(self, trainer: pl.Trainer, made: int) -> None:
        """Keep a checkpoint after so many steps of the epoch."""
        module = trainer.lightning_module
        assert isinstance(module, Module)
        self._keep(trainer, module, trainer.current_epoch, made)

    def _keep(self, trainer: pl.Trainer, module: Module, epoch: int, step: int) -> None:
        """Keep a checkpoint; all processes take part, and the first one writes."""
        if self._checkpoints is None:
            return
        state = {
            "epoch": epoch,
            "step": step,
            "weights": trainer.strategy.lightning_module_state_dict(),
            "optimizer": trainer.strategy.optimizer_state(trainer.optimizers[0]),
            "precision": trainer.precision_plugin.state_dict(),
            "learning": module.learning(),
            "best": self.best,
            "best_loss": self.best_loss,
            "waited": self.waited,
            "stopped": self.stopped,
            "plateau": self._plateau.state_dict(),
            "seconds": self._clock.seconds,
        }
        if trainer.is_global_zero:
            self._checkpoints.save(state)

    def _continue(self, trainer: pl.Trainer, module: Module, state: dict[str, Any]) -> None:
        trainer.strategy.load_model_state_dict({"state_dict": state["weights"]})
        trainer.strategy.load_optimizer_state_dict({"optimizer_states": [state["optimizer"]]})
        trainer.precision_plugin.load_state_dict(state["precision"])
        module.load_learning(state["learning"])
        self.best = state["best"]
        self.best_loss = state["best_loss"]
        self.waited = state["waited"]
        self.stopped = state["stopped"]
        self._plateau.load_state_dict(state["plateau"])
        self._clock.before += state["seconds"]
        self._steps.start_at(state["epoch"], state["step"])
        progress: Any = trainer.fit_loop.epoch_progress.current
        progress.ready = progress.started = state["epoch"]
        progress.processed = progress.completed = state["epoch"]
        if self.stopped:
            trainer.should_stop = True
