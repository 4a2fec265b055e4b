"""Dividing what a training holds over processes by DeepSpeed's ZeRO, on GPUs or on CPUs."""

from __future__ import annotations

import os
from typing import Any

import torch
from pytorch_lightning.strategies import DeepSpeedStrategy
from torch import Tensor


class Zero(DeepSpeedStrategy):
    """DeepSpeed that adds up the gradients of several batches as the other strategies do."""

    def backward(self, closure_loss: Tensor, optimizer: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Add to the gradients; at the end of an epoch a step may have fewer batches."""
        assert self.lightning_module is not None
        trainer = self.lightning_module.trainer
        batches, each = trainer.fit_loop.epoch_loop.batch_progress, trainer.accumulate_grad_batches
        ends = batches.current.ready % each == 0 or batches.is_last_batch
        self.deepspeed_engine.set_gradient_accumulation_boundary(ends)
        # Both Lightning and DeepSpeed take the mean over the batches.
        return super().backward(closure_loss * each, optimizer, *args, **kwargs)


class ZeroOnCpus(Zero):
    """DeepSpeed where each process computes on a CPU, which Lightning refuses.

    It is how the same training can be tried where there is no GPU.
    """

    def __init__(self, **options: Any) -> None:
        os.environ["DS_ACCELERATOR"] = "cpu"  # or it would choose for itself
        super().__init__(process_group_backend="gloo", **options)

    @property
    def root_device(self) -> torch.device:
        """The device, by the number that DeepSpeed wants."""
        return torch.device("cpu", 0)

    def setup_environment(self) -> None:
        """Let the processes meet."""
        super(DeepSpeedStrategy, self).setup_environment()

    def setup_distributed(self) -> None:
        """Let the processes meet."""
        self.set_world_ranks()
        self._init_deepspeed_distributed()
