"""Dividing what a training holds over processes by DeepSpeed's ZeRO, on GPUs or on CPUs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from lightning_utilities.core.apply_func import apply_to_collection
from pytorch_lightning.strategies import DeepSpeedStrategy
from torch import Tensor

from mlfw_lightning.ranks.divided import Divided


class Zero(Divided, DeepSpeedStrategy):
    """DeepSpeed that can do more than Lightning's.

    It adds up the gradients of several batches as the other strategies do; and it gives and takes
    states as these do, where Lightning's writes folders of its own, which hold code.
    """

    def backward(self, closure_loss: Tensor, optimizer: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Add to the gradients; at the end of an epoch a step may have fewer batches."""
        module = self.lightning_module
        assert module is not None
        if getattr(module, "lies_behind", False):
            return closure_loss
        trainer = module.trainer
        batches, each = trainer.fit_loop.epoch_loop.batch_progress, trainer.accumulate_grad_batches
        ends = batches.current.ready % each == 0 or batches.is_last_batch
        self.deepspeed_engine.set_gradient_accumulation_boundary(ends)
        # Both Lightning and DeepSpeed take the mean over the batches.
        return super().backward(closure_loss * each, optimizer, *args, **kwargs)

    def optimizer_state(self, optimizer: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return the parts that the processes have, on the first process; all call this."""
        divided = self.divided
        own = {
            "weights": list(divided.single_partition_of_fp32_groups),
            "optimizer": divided.optimizer.state_dict(),
            "scaling": _numbers(divided.loss_scaler),
        }
        moved = apply_to_collection(own, Tensor, lambda part: part.detach().cpu())
        parts = [None] * self.world_size if self.global_rank == 0 else None
        torch.distributed.gather_object(moved, parts)
        return {"parts": parts} if parts else {}

    def load_whole(self, weights: Mapping[str, Tensor], optimizers: Sequence[Any]) -> None:
        """Give the network and its one optimiser their states; see `Divided`."""
        assert self.lightning_module is not None
        own = optimizers[0]["parts"][self.global_rank]
        divided = self.divided
        self.lightning_module.load_state_dict(weights)
        divided.optimizer.load_state_dict(own["optimizer"])
        for part, kept in zip(divided.single_partition_of_fp32_groups, own["weights"], strict=True):
            part.data.copy_(kept)
        vars(divided.loss_scaler).update(own["scaling"])

    def save_checkpoint(
        self, checkpoint: dict[str, Any], filepath: Any, storage_options: Any = None
    ) -> None:
        """Write a state as other strategies do."""
        super(DeepSpeedStrategy, self).save_checkpoint(checkpoint, filepath, storage_options)

    @property
    def divided(self) -> Any:
        """DeepSpeed's optimiser, which has a part of the weights in full precision."""
        return self.deepspeed_engine.optimizer


def _numbers(scaler: Any) -> dict[str, float]:
    """Return what a scaler of losses keeps count of."""
    return {name: value for name, value in vars(scaler).items() if isinstance(value, int | float)}


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
