"""The trainer `lightning`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Estimate, FitContext, UserError, limits
from mlfw_lightning.costs.duration import seconds_of
from mlfw_lightning.devices import devices_here
from mlfw_lightning.ranks.strategies import (
    FULLY_SHARDED,
    OFFLOADED,
    check_device,
    check_divisible,
    check_name,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")


class OnPlateau(StrEnum):
    """What is done when a training is stuck."""

    advise = "advise"
    lower_lr = "lower_lr"
    stop = "stop"


@dataclass(kw_only=True)
class LightningTrainer(mlfw.Trainer):
    """PyTorch Lightning: one process on a laptop to many on several machines, by these fields.

    Training ends with the weights of the epoch that had the lowest validation loss, or the best
    value of what `model.monitor` names for model=lightning. Several devices are several
    processes, started here; several machines (nodes) train together with executor=ray, and the
    run directory must then be on a disk that all of them share. A process that is lost or frozen
    is started again with all others from the last checkpoint, as often as executor.retries says;
    the result is the same.

    Attributes:
        accelerator: auto, cpu, gpu, mps or tpu.
        devices: How many processes on this machine, one a device; on CPUs, at most four a core.
        nodes: How many machines; more than one need executor=ray.
        strategy: How processes share the work: auto or ddp (each has the whole network), or fsdp
            (each has a part of it).
        timeout: After how many seconds of silence a process counts as frozen.
        precision: Of the arithmetic: 32-true, bf16-mixed, 16-mixed, 64-true, ...
        epochs: Most passes over the training rows.
        patience: After how many epochs without a lower validation loss to stop; null for never.
        on_plateau: What to do when the losses have shown for three epochs that training is stuck.
            advise: say so, and what to try. lower_lr: say so, and multiply the learning rate by
            0.2, at most three times: at a plateau, when the rate is too high, and where patience
            would stop, which then counts anew; not when the network overfits. stop: say so and
            stop, also when the network overfits or underfits. Under 8 epochs little can be said.
        gradient_clip: Most length of the gradient of a step; null for any.
        accumulate: How many batches make one step.
        checkpoint: Whether every epoch is kept, so that a killed run continues after it.
        checkpoint_minutes: After how many minutes within an epoch its state is kept too.
        workers: How many threads make batches ahead, which helps where images are varied.
        compile: Whether torch.compile makes the network faster; the first steps then take longer.
        find_learning_rate: Whether a range test before the first step (Smith 2017) takes the place
            of model.learning_rate.
        find_batch_size: Whether the largest batch that fits into memory is found before the first
            step and takes the place of model.batch_size.
        max_time: After how long to stop with the best weights so far, such as 90s, 10m, 1h30m or
            2d, the start of processes included; null for never.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "pytorch_lightning", "safetensors")
    extra: ClassVar[str] = "lightning"

    accelerator: str = "auto"
    devices: int = field(default=1, metadata=limits(minimum=1))
    nodes: int = field(default=1, metadata=limits(minimum=1))
    strategy: str = "auto"
    timeout: float = field(default=300.0, metadata=limits(above=0))
    precision: str = "32-true"
    epochs: int = field(default=100, metadata=limits(minimum=1))
    patience: int | None = field(default=10, metadata=limits(minimum=1))
    on_plateau: OnPlateau = OnPlateau.advise
    gradient_clip: float | None = field(default=None, metadata=limits(above=0))
    accumulate: int = field(default=1, metadata=limits(minimum=1))
    checkpoint: bool = True
    checkpoint_minutes: float = field(default=5.0, metadata=limits(above=0))
    workers: int = field(default=0, metadata=limits(minimum=0))
    compile: bool = False
    find_learning_rate: bool = False
    find_batch_size: bool = False
    max_time: str | None = None

    def check(self) -> None:
        """Check the names of accelerator and strategy, and the form of max_time."""
        check_name(self.strategy)
        if self.max_time is not None:
            seconds_of(self.max_time, "trainer.max_time")
        if self.accelerator not in ACCELERATORS:
            raise UserError(
                f"trainer.accelerator: expected one of {', '.join(ACCELERATORS)}, found "
                f"'{self.accelerator}'."
            )

    def check_machines(self, *, several: bool) -> None:
        """Check that the executor runs on several machines where the training needs them."""
        if self.nodes > 1 and not several:
            raise UserError(
                f"trainer.nodes={self.nodes}: several machines train together through Ray.",
                "Add executor=ray, or set trainer.nodes=1.",
            )

    @property
    def seconds(self) -> float | None:
        """How many seconds a training may take; None for any number."""
        return seconds_of(self.max_time, "trainer.max_time") if self.max_time else None

    def most_epochs(self) -> int:
        """Return the number of epochs that early stopping may cut short."""
        return self.epochs

    def estimate(self, learner: Any, context: FitContext) -> Estimate | None:
        """Return what `train` will cost; None for existing modules, and on other devices.

        Args:
            learner: See `train`.
            context: See `mlfw.Trainer.estimate`.
        """
        from mlfw_lightning.costs.timing import training_estimate
        from mlfw_lightning.learner import Learner

        device = self._device()
        if not isinstance(learner, Learner) or device is None:
            return None
        return training_estimate(self, learner, context, device)

    def train(self, learner: Any, context: FitContext) -> dict[str, Tensor]:
        """Train a learner and return the best weights by name.

        Args:
            learner: A `mlfw_lightning.learner.Learner`, or a
                `mlfw_lightning.existing.fit.ExistingLearner`.
            context: See `mlfw.Trainer.train`.
        """
        import torch

        from mlfw_lightning.existing.fit import ExistingLearner, train_existing_here
        from mlfw_lightning.finding.apply import with_found
        from mlfw_lightning.learner import Learner
        from mlfw_lightning.loop.process import train_here
        from mlfw_lightning.loop.watch import Watch
        from mlfw_lightning.ranks.train import starts_ranks, train_in_ranks

        if not isinstance(learner, Learner | ExistingLearner):
            raise UserError(
                f"trainer=lightning: cannot train a {type(learner).__name__}.",
                "Choose the trainer that the model's plugin brings.",
            )
        several = starts_ranks(context.workers)
        self.check_machines(several=several)
        if not several:
            self.check_devices()
        if isinstance(learner, Learner) and self.strategy in FULLY_SHARDED:
            check_divisible(learner.model)
        folder = context.folder if context.final and self.checkpoint else None
        if isinstance(learner, Learner) and (self.find_batch_size or self.find_learning_rate):
            learner = with_found(self, learner, context, self._device() or torch.device("cpu"))
        if self.devices * self.nodes > 1 or self.strategy == OFFLOADED:
            return train_in_ranks(self, learner, context, folder)
        watch, keep = Watch.of(context), folder is not None
        if isinstance(learner, ExistingLearner):
            return train_existing_here(
                self, learner, seed=context.seed, folder=context.folder, keep=keep, watch=watch
            )
        return train_here(self, learner, seed=context.seed, folder=folder, watch=watch)

    def gpus_used(self, available: int) -> int:
        """Return how many GPUs a training takes, with all its ranks; 0 where it uses none."""
        uses = available and self.accelerator in ("auto", "gpu", "cuda")
        return self.devices * self.nodes if uses else 0

    def _device(self) -> torch.device | None:
        """Return the device that is used, or one of several alike; None where it is unknown."""
        import torch

        kind, _ = devices_here(self.accelerator)
        names = {"gpu": "cuda", "cuda": "cuda", "mps": "mps", "cpu": "cpu"}
        return torch.device(names[kind]) if kind in names else None

    def check_devices(self) -> None:
        """Check that this machine has so many devices, before a process is started for each.

        Raises:
            UserError: It has not, or the strategy does not work on them.
        """
        kind, there = devices_here(self.accelerator)
        check_name(self.strategy)
        check_device(self.strategy, kind)
        if there is None or self.devices <= there:
            return
        if kind == "cpu":
            raise UserError(
                f"trainer.devices={self.devices}: expected at most {there} processes, four for "
                f"each of the {os.cpu_count()} CPU cores here.",
                f"Set trainer.devices={os.cpu_count()} or fewer.",
            )
        raise UserError(
            f"trainer.devices={self.devices}: there are {there} devices of "
            f"trainer.accelerator={kind}.",
            "Set fewer, or trainer.accelerator=cpu.",
        )
