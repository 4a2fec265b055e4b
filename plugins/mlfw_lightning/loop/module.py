"""The Lightning module: optimiser steps whose losses are exact over any number of processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from mlfw_lightning.fine_tuning.blocks import parameter_groups, set_trainable
from mlfw_lightning.learning.averaging import WeightAverage, has_batch_norm, recompute_batch_norm
from mlfw_lightning.learning.optimisation import Averaging, OptimizerName
from mlfw_lightning.learning.optimizers import build_optimizer
from mlfw_lightning.learning.schedules import LearningRate
from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.losses import loss_sum
from mlfw_lightning.loop.randomness import derived_seed, seed_torch
from mlfw_lightning.loop.steps import Chunk, Step
from mlfw_lightning.precision import HALF
from mlfw_lightning.ranks.strategies import FULLY_SHARDED

if TYPE_CHECKING:
    from mlfw import Rank
    from mlfw_lightning.heads import Head
    from mlfw_lightning.network import Network
    from mlfw_lightning.trainer import LightningTrainer

TRAIN, VALIDATION = "train", "validation"


def go_on(step: Step, loss: Tensor) -> bool:  # noqa: ARG001 - the signature of `after_step`
    """Leave nothing of the epoch out."""
    return False


class Module(pl.LightningModule):
    """A network, its loss and its steps.

    Lightning hands over chunks of steps and the module optimises by itself, so that what Lightning
    does for a batch is done once a chunk. Losses are sums over rows, divided by the rows of the
    whole step or epoch, so that they do not depend on how many processes share the rows. Random
    numbers follow from seed, epoch, process and step alone.

    Attributes:
        network: What is trained.
        rate: The learning rate of every step.
        after_step: Called after every step with its number in the epoch and its loss, a tensor;
            returns whether the rest of the epoch is to be left out.
        sums: The sum of the losses of an epoch's rows so far, for each split.
        counts: How many rows these are, over all processes.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        model: Network,
        heads: tuple[Head, ...],
        options: LightningTrainer,
        steps: int,
        seed: int,
        rank: Rank,
    ) -> None:
        """Take a network and how it learns.

        Args:
            network: What is trained.
            model: Says how it learns.
            heads: What its scores stand for, in order.
            options: The trainer's configuration.
            steps: How many steps an epoch has.
            seed: What the random numbers follow from.
            rank: Which process of how many this is.
        """
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.heads = heads
        self.rate = LearningRate(model, steps * options.epochs)
        self.average = None if model.average is Averaging.none else WeightAverage(model)
        self.after_step: Callable[[Step, Tensor], bool] = go_on
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}
        self._model = model
        self._options = options
        self._steps = steps
        self._seed = seed
        self._rank = rank
        # In a list, as it is no second module.
        self._called: list[Any] = [torch.compile(network) if options.compile else network]

    def training_step(self, chunk: Chunk) -> None:
        """Make the steps of a chunk; where the time is over, Lightning validates and ends."""
        optimizer = self.optimizers()
        for step in chunk:
            loss = self._step(step, optimizer)
            if self.after_step(step, loss):
                self.trainer.should_stop = True
                return

    def _step(self, step: Step, optimizer: Any) -> Tensor:
        """Make one step and return its loss over the rows of this process."""
        seed_torch(derived_seed(self._seed, self.current_epoch, self._rank.rank, step.number, 1))
        number = self.current_epoch * self._steps + step.number
        self.rate.set(optimizer.optimizer, number)
        whole = sum(batch.whole for batch in step.batches)
        losses = []
        for batch in step.batches:
            loss = self._loss_sum(TRAIN, self._here(batch))
            losses.append(loss.detach())
            self._backward(loss * (self._rank.world / whole), last=batch is step.batches[-1])
        optimizer.step()
        optimizer.zero_grad()
        if self.average:
            self.average.update(self.network, number + 1, self._steps * self._options.epochs)
        return losses[0] if len(losses) == 1 else torch.stack(losses).sum()

    def _backward(self, loss: Tensor, *, last: bool) -> None:
        """Add to the gradients; processes share them once a step."""
        if last or self._rank.world == 1:
            self.manual_backward(loss)
            return
        with self.trainer.strategy.block_backward_sync():  # type: ignore[attr-defined]
            self.manual_backward(loss)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Shorten gradients that are too long; Lightning has taken their scale off before."""
        if self._options.gradient_clip is not None:
            # Lightning's own refuses fused optimisers, also where there is no scale to take off.
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            nn.utils.clip_grad_norm_(weights, self._options.gradient_clip)

    def validation_step(self, batch: Batch) -> None:
        """Add to the validation loss."""
        self._loss_sum(VALIDATION, batch)

    def _here(self, batch: Batch) -> Batch:
        """Return a batch on this process's device, in the precision it computes in."""
        if self.device.type != "cpu":
            batch = self.trainer.strategy.batch_to_device(batch, self.device)
        converted: Batch = self.trainer.precision_plugin.convert_input(batch)
        return converted

    def _loss_sum(self, split: str, batch: Batch) -> Tensor:
        smoothing = self._model.label_smoothing if split == TRAIN else 0.0
        scores = self._called[0](batch.inputs)
        loss = loss_sum(scores, batch.targets, self.heads, smoothing)
        detached = loss.detach()
        self.sums[split] = self.sums[split] + detached if split in self.sums else detached
        self.counts[split] = self.counts.get(split, 0) + batch.whole
        return loss

    def losses(self) -> dict[str, float]:
        """Return the mean losses since they were last taken, over the rows of all processes."""
        losses = {}
        for split, total in self.sums.items():
            if self._rank.world > 1:
                # Reducing changes its tensor, and the sum is still this process's own.
                total = self.trainer.strategy.reduce(total.clone(), reduce_op="sum")
            losses[f"{split}/loss"] = float(total) / max(self.counts[split], 1)
        return losses

    def take_losses(self) -> dict[str, float]:
        """Return the mean losses and begin anew."""
        losses = self.losses()
        self.sums, self.counts = {}, {}
        return losses

    def epoch_started(self, epoch: int) -> None:
        """Let learn what learns in an epoch, from 0."""
        set_trainable(self.network, self._model, epoch)

    @contextmanager
    def judged(self, batches: Iterable[Batch]) -> Iterator[None]:
        """Give the network the weights to be judged: the mean of those of many steps, if any.

        Args:
            batches: What statistics of activations are computed from for these.
        """
        with self.average.applied(self.network) if self.average else nullcontext():
            if self.average and self._model.average is Averaging.swa and self.average.started:
                recompute_batch_norm(self.network, (self._here(batch).inputs for batch in batches))
            self._share_statistics()
            yield

    def _share_statistics(self) -> None:
        """Let all processes have the same statistics of activations."""
        if self._rank.world == 1 or not has_batch_norm(self.network):
            return
        for buffer in self.network.buffers():
            if buffer.is_floating_point():
                buffer.copy_(self.trainer.strategy.reduce(buffer, reduce_op="mean"))

    def epoch_ended(self, validation_loss: float) -> float:
        """Let the learning rate follow the validation loss, and return it."""
        self.rate.epoch_ended(validation_loss)
        return float(self.trainer.optimizers[0].param_groups[-1]["lr"])

    def learning(self) -> dict[str, Any]:
        """Return what a checkpoint keeps beside weights and optimiser; all processes take part."""
        return {
            "rate": self.rate.state_dict(),
            "average": self.average.state_dict() if self.average else {},
            "sums": {split: self.all_gather(total) for split, total in self.sums.items()},
            "counts": self.counts,
        }

    def load_learning(self, state: dict[str, Any]) -> None:
        """Take back what a checkpoint has kept."""
        self.rate.load_state_dict(state["rate"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.counts = dict(state["counts"])
        self.sums = {
            split: total.reshape(-1)[self._rank.rank].to(self.device)
            for split, total in state["sums"].items()
        }

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser."""
        # No gradients can be shortened that a fused optimiser has yet to take the scale off.
        scaled = self._options.precision == HALF
        device = next(self.parameters()).device.type
        # Nor has PyTorch a fused step of SGD for weights that are divided.
        sgd = self._model.optimizer is OptimizerName.sgd and self._options.strategy in FULLY_SHARDED
        fused = device in ("cpu", "cuda") and not scaled and not sgd
        groups = parameter_groups(self.network, self._model)
        return build_optimizer(self._model, groups, network=self.network, fused=fused)
