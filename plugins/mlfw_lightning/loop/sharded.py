"""Training a network whose weights are divided over processes, as FSDP does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mlfw import UserError
from mlfw_lightning.learning.optimisation import Averaging, OptimizerName
from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.module import TRAIN, Module
from mlfw_lightning.loop.randomness import derived_seed, seed_torch
from mlfw_lightning.loop.steps import Chunk, Step, Steps

if TYPE_CHECKING:
    from mlfw_lightning.network import Network
    from mlfw_lightning.trainer import LightningTrainer


class ShardedModule(Module):
    """A module that lets Lightning take the steps.

    Weights that are divided are gathered around each call of the network, its way back included,
    so that a call can make no step by itself: a chunk holds one batch, and Lightning adds up the
    gradients of several, shortens them, and steps.
    """

    def __init__(
        self, network: nn.Module, *, steps: Steps, options: LightningTrainer, **others: Any
    ) -> None:
        """Take a network and how it learns; see `Module`.

        Args:
            network: What is trained.
            steps: The batches of every epoch, each as a step.
            options: The trainer's configuration.
            others: See `Module`.
        """
        self._each = options.accumulate
        super().__init__(network, steps=-(-steps.number // self._each), options=options, **others)
        self.automatic_optimization = True
        self._batches = steps
        self._done: tuple[Step, Tensor] | None = None

    def training_step(self, chunk: Chunk) -> Tensor:  # type: ignore[override]
        """Return the loss of this process's rows of one batch; nothing of one that lies behind."""
        self._done = None
        step = next(iter(chunk), None)
        if step is None:
            return torch.stack([weights.sum() for weights in self.network.parameters()]).sum() * 0
        (batch,) = step.batches
        seed_torch(derived_seed(self._seed, self.current_epoch, self._rank.rank, step.number, 1))
        number = self.current_epoch * self._steps + step.number // self._each
        self.rate.set(self.trainer.optimizers[0], number)
        loss = self._loss_sum(TRAIN, self._here(batch))
        self._done = step, loss.detach()
        # Lightning takes the mean over the batches of a full step, and over the processes.
        return loss * (self._each * self._rank.world / self._rows(step.number))

    @property
    def lies_behind(self) -> bool:
        """Whether the batch was learnt from before the training was continued."""
        return self._done is None

    def _loss_sum(self, split: str, batch: Batch) -> Tensor:
        # Divided weights are kept for computing in half precision, and rows come in full: Lightning
        # lets the two meet on GPUs only.
        kind, _, mixed = self._options.precision.partition("-")
        half = torch.bfloat16 if kind == "bf16" else torch.float16
        with torch.autocast(self.device.type, half, enabled=mixed == "mixed"):
            return super()._loss_sum(split, batch)

    def _rows(self, batch: int) -> int:
        """Return how many rows the step has that a batch of an epoch, from 0, belongs to."""
        most = self._each * self._batches.batches.size
        return min(most, self._batches.rows - batch // self._each * most)

    def optimizer_step(
        self,
        epoch: int,
        batch_idx: int,
        optimizer: Any,
        optimizer_closure: Callable[[], Any] | None = None,
    ) -> None:
        """Make a step, unless it was made before the training was continued."""
        if not self._batches.behind(batch_idx):
            super().optimizer_step(epoch, batch_idx, optimizer, optimizer_closure)
        elif optimizer_closure is not None:
            optimizer_closure()  # Lightning wants a loss of every batch

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Leave the gradients to Lightning."""

    def on_train_batch_end(self, *_: Any) -> None:
        """Do what is to be done after a step, unless gradients of more batches are to come."""
        if self._done is None:
            return
        step, loss = self._done
        made = step.number + 1
        if made % self._each and made < self._batches.number:
            return
        if self.after_step(step, loss):
            self.trainer.should_stop = True


def check_divisible(model: Network) -> None:
    """Check that a network can learn while its weights are divided.

    Args:
        model: How it learns.

    Raises:
        UserError: It cannot.
    """
    if model.average != Averaging.none:
        raise UserError(
            f"model.average={model.average}: no mean can be kept of weights that are divided over "
            "processes.",
            "Set model.average=none, or trainer.strategy=ddp.",
        )
    if model.optimizer == OptimizerName.muon:
        raise UserError(
            "model.optimizer=muon: looks at whole matrices of weights, and these are divided over "
            "processes.",
            "Set model.optimizer=adamw, or trainer.strategy=ddp.",
        )
