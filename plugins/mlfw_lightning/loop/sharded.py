"""Training a network whose weights are divided over processes, as FSDP and DeepSpeed do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from mlfw import UserError
from mlfw_lightning.learning.optimisation import Averaging, Optimisation
from mlfw_lightning.loop.module import TRAIN, Module
from mlfw_lightning.loop.randomness import derived_seed, seed_torch
from mlfw_lightning.loop.steps import Chunk, Step


class ShardedModule(Module):
    """A module that lets Lightning take the steps.

    Weights that are divided are gathered around each call of the network, its way back included,
    so that a call can make no step by itself: a chunk holds one batch, and Lightning adds up the
    gradients of several, shortens them, and steps.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.automatic_optimization = True
        self._done: tuple[Step, Tensor] | None = None

    def training_step(self, chunk: Chunk) -> Tensor:  # type: ignore[override]
        """Return the loss of this process's rows of one batch."""
        (step,) = chunk
        (batch,) = step.batches
        seed_torch(derived_seed(self._seed, self.current_epoch, self._place.rank, step.number, 1))
        number = self.current_epoch * self._steps + step.number
        self.rate.set(self.trainer.optimizers[0], number)
        loss = self._loss_sum(TRAIN, self._here(batch))
        self._done = step, loss.detach()
        return loss * (self._place.world / batch.whole)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Leave the gradients to Lightning."""

    def on_train_batch_end(self, *_: Any) -> None:
        """Do what is to be done after a step, unless gradients of more batches are to come."""
        assert self._done is not None
        step, loss = self._done
        made = step.number + 1
        if made % self._options.accumulate and made < self._steps:
            return
        if self.after_step(step, loss):
            self.trainer.should_stop = True


def check_divisible(model: Optimisation) -> None:
    """Check that a network can learn while its weights are divided.

    Raises:
        UserError: It cannot.
    """
    if model.average is not Averaging.none:
        raise UserError(
            f"model.average={model.average}: no mean can be kept of weights that are divided over "
            "processes.",
            "Set model.average=none, or trainer.strategy=ddp.",
        )


def load_divided(trainer: pl.Trainer, weights: Mapping[str, Tensor], optimizer: Any) -> None:
    """Give a divided network and its optimiser the whole state that a checkpoint holds.

    Lightning's own loading for FSDP reads files only.

    Args:
        trainer: Its strategy is `fsdp`; all processes call this.
        weights: The module's state by name.
        optimizer: The optimiser's state.
    """
    from lightning_fabric.strategies.fsdp import _get_full_state_dict_context
    from lightning_fabric.strategies.model_parallel import _load_raw_module_state
    from torch.distributed.fsdp import FullyShardedDataParallel, OptimStateKeyType

    model, world = trainer.strategy.model, trainer.world_size
    assert isinstance(model, FullyShardedDataParallel)
    _load_raw_module_state(dict(weights), module=model, world_size=world)
    whole: Any = _get_full_state_dict_context(model, world_size=world, rank0_only=False)
    with whole:
        named = FullyShardedDataParallel.rekey_optim_state_dict(
            optimizer, OptimStateKeyType.PARAM_NAME, model
        )
        own = FullyShardedDataParallel.optim_state_dict_to_load(model, trainer.optimizers[0], named)
        trainer.optimizers[0].load_state_dict(own)
