"""The diagnosis of an existing module's training, from what it logs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from mlfw import Objective
from mlfw_lightning.curves.advice import settings_of
from mlfw_lightning.curves.plateau import Decision, Plateau
from mlfw_lightning.existing.module import ExistingModule
from mlfw_lightning.trainer import LightningTrainer

VALIDATION = re.compile("validation|valid|val")
# What of an optimiser's groups and of schedules is a learning rate.
RATES = ("lr", "initial_lr", "max_lr", "min_lr")


class Follower:
    """Follows the monitored value and the same of the training rows, and acts on what they tell.

    The training value is the one logged under the monitored name with `train` or `training` in
    place of `val`, `valid` or `validation`; a mean over the epoch (`on_epoch=True`) says more
    than the last step's.

    Attributes:
        judged: The values of the last epoch by their logged names; means over all processes.
    """

    def __init__(self, plateau: Plateau, monitor: str, note: Callable[[str], None]) -> None:
        """Begin to follow.

        Args:
            plateau: Decides.
            monitor: The monitored name.
            note: Told what the user should read, in processes with local rank 0.
        """
        self.plateau = plateau
        self.monitor = monitor
        self.note = note
        self.judged: dict[str, float] = {}

    @classmethod
    def of(
        cls,
        options: LightningTrainer,
        model: ExistingModule,
        objective: Objective,
        note: Callable[[str], None],
    ) -> Follower:
        """Return what follows a training by a trainer's and a model's options."""
        plateau = Plateau(
            options.on_plateau,
            settings=settings_of(model, options),
            names=(_training_names(objective.name)[0], objective.name),
            higher_is_better=objective.higher_is_better,
        )
        return cls(plateau, objective.name, note)

    def epoch_ended(self, trainer: pl.Trainer, value: float, out_of_patience: bool) -> Decision:
        """Decide after an epoch, say so, and lower the learning rates if that is decided.

        Args:
            trainer: Holds what has been logged, the optimisers and the schedules.
            value: The monitored value, alike in all processes.
            out_of_patience: Whether patience stops the training now.
        """
        of_training = self._of_training(trainer)
        self.judged = of_training | {self.monitor: value}
        if of_training:
            self.plateau.names = (next(iter(of_training)), self.monitor)
        decision = self.plateau.epoch_ended(
            trainer.current_epoch + 1,
            next(iter(of_training.values()), None),
            value,
            _rate(trainer),
            out_of_patience=out_of_patience,
        )
        if decision.lowers:
            _multiply_rates(trainer, decision.factor)
        self._say(trainer, decision.note)
        return decision

    def ended(self, trainer: pl.Trainer) -> None:
        """Say what the whole training tells, unless it has been said."""
        self._say(trainer, self.plateau.ended())

    def _say(self, trainer: pl.Trainer, sentence: str) -> None:
        if sentence and trainer.local_rank == 0:
            self.note(sentence)

    def _of_training(self, trainer: pl.Trainer) -> dict[str, float]:
        """Return the training value by its logged name; empty where none is logged."""
        logged = trainer.callback_metrics
        names = [f"{name}{end}" for end in ("_epoch", "") for name in _training_names(self.monitor)]
        found = next((name for name in names if name in logged and name != self.monitor), None)
        return {} if found is None else {found: shared(trainer, logged[found])}


def shared(trainer: pl.Trainer, value: Tensor) -> float:
    """Return a value's mean over all processes, so that they decide alike."""
    if trainer.world_size > 1:
        value = trainer.strategy.reduce(value.to(trainer.strategy.root_device), reduce_op="mean")
    return float(value)


def _training_names(monitor: str) -> list[str]:
    return [VALIDATION.sub(word, monitor, count=1) for word in ("train", "training")]


def _rate(trainer: pl.Trainer) -> float | None:
    return float(trainer.optimizers[0].param_groups[0]["lr"]) if trainer.optimizers else None


def _multiply_rates(trainer: pl.Trainer, factor: float) -> None:
    """Multiply all learning rates, and those that schedules compute theirs from."""
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            for key in RATES:
                if key in group:
                    group[key] *= factor
    for config in trainer.lr_scheduler_configs:
        scheduler: Any = config.scheduler
        if hasattr(scheduler, "base_lrs"):
            scheduler.base_lrs = [rate * factor for rate in scheduler.base_lrs]
