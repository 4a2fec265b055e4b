"""Dividing a network over processes by PyTorch's FSDP, on GPUs or on CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.strategies.model_parallel import _load_raw_module_state
from pytorch_lightning.strategies import FSDPStrategy
from torch import Tensor
from torch.distributed.fsdp import (
    FullStateDictConfig,
    FullyShardedDataParallel,
    OptimStateKeyType,
    StateDictType,
)
from torch.distributed.fsdp.api import FullOptimStateDictConfig
from torch.distributed.fsdp.wrap import size_based_auto_wrap_policy
from torch.nn import Module
from torch.optim import Optimizer

from mlfw_lightning.ranks.divided import Divided

# Parts with fewer weights are gathered together with what is around them.
SMALLEST_PART = 100_000


class FullySharded(Divided, FSDPStrategy):
    """FSDP that can do more than Lightning's.

    The parts of a network are gathered one after the other, and not all at once; it can be given
    whole states, which Lightning reads from its own files only; and it shortens gradients by the
    length of all their parts.
    """

    def __init__(self, **options: Any) -> None:
        parts = partial(size_based_auto_wrap_policy, min_num_params=SMALLEST_PART)
        super().__init__(auto_wrap_policy=parts, **options)

    def setup(self, trainer: pl.Trainer) -> None:
        """Divide the network."""
        super().setup(trainer)
        # Lightning knows the optimiser only, which has a part of the gradients, and refuses.
        self.precision_plugin.clip_grad_by_norm = self._shorten  # type: ignore[method-assign]

    def _shorten(self, optimizer: Optimizer, clip_val: float) -> None:  # noqa: ARG002
        self.divided.clip_grad_norm_(clip_val)

    def load_whole(self, weights: Mapping[str, Tensor], optimizers: Sequence[Any]) -> None:
        """Give the network and its optimisers their states; see `Divided`."""
        _load_raw_module_state(dict(weights), module=self.divided, world_size=self.world_size)
        with self.gathered(everywhere=True) as model:
            for optimizer, state in zip(self.optimizers, optimizers, strict=True):
                named = FullyShardedDataParallel.rekey_optim_state_dict(
                    state, OptimStateKeyType.PARAM_NAME, model
                )
                own = FullyShardedDataParallel.optim_state_dict_to_load(model, optimizer, named)
                optimizer.load_state_dict(own)

    @property
    def divided(self) -> FullyShardedDataParallel:
        """The network as it is divided."""
        assert isinstance(self.model, FullyShardedDataParallel)
        return self.model

    @contextmanager
    def gathered(self, *, everywhere: bool) -> Iterator[FullyShardedDataParallel]:
        """Let states that are asked for in the block be whole.

        Args:
            everywhere: Whether on every process, or on the first one only.
        """
        # Moved from a CPU to itself, states would share memory that is used again.
        moved = self.root_device.type != "cpu"
        with FullyShardedDataParallel.state_dict_type(
            self.divided,
            StateDictType.FULL_STATE_DICT,
            FullStateDictConfig(offload_to_cpu=moved, rank0_only=not everywhere),
            FullOptimStateDictConfig(offload_to_cpu=moved, rank0_only=not everywhere),
        ):
            yield self.divided

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """Return the whole weights, on the first process."""
        with self.gathered(everywhere=False) as model:
            return model.state_dict()

    def optimizer_state(self, optimizer: Optimizer) -> dict[str, Any]:
        """Return the whole state of an optimiser, on the first process."""
        plain = getattr(optimizer, "optimizer", optimizer)
        with self.gathered(everywhere=False) as model:
            state = FullyShardedDataParallel.optim_state_dict(model, plain)
            if self.global_rank != 0:
                return state
            return FullyShardedDataParallel.rekey_optim_state_dict(
                state, OptimStateKeyType.PARAM_ID, model
            )


class FullyShardedOnCpus(FullySharded):
    """FSDP where each process computes on a CPU.

    It is slower than `ddp` and spares memory; and it is how the same training can be tried where
    there is no GPU. Lightning refuses its own, and lets a subclass pass.
    """

    def _setup_model(self, model: Module) -> Module:
        # Lightning gives the number of a GPU in place of a device.
        return FullyShardedDataParallel(
            module=model,
            mixed_precision=self.mixed_precision_config,
            sharding_strategy=self.sharding_strategy,
            device_id=self.root_device,
            **self.kwargs,
        )
