"""Dividing a network over processes by PyTorch's `fully_shard` (FSDP2), on GPUs or on CPUs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lightning_utilities.core.apply_func import apply_to_collection
from pytorch_lightning.strategies import DDPStrategy
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    set_model_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import (
    CPUOffloadPolicy,
    FSDPModule,
    OffloadPolicy,
    fully_shard,
    register_fsdp_forward_method,
)
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn import (
    Module,
    ModuleDict,
    ModuleList,
    MultiheadAttention,
    Parameter,
    ParameterDict,
    ParameterList,
    TransformerEncoderLayer,
)
from torch.optim import Optimizer

from mlfw import UserError
from mlfw_lightning.ranks.plain_broadcast import PlainBroadcast

# Parts with fewer weights are gathered together with what is around them.
SMALLEST_PART = 100_000
# They have no forward of their own, before which they would be gathered.
NEVER_A_PART = (ModuleList, ModuleDict, ParameterList, ParameterDict)
# They use the weights of the modules within them without calling these.
UNDIVIDED = (MultiheadAttention, TransformerEncoderLayer)
STEPS = ("training_step", "validation_step", "test_step")


class FullySharded(PlainBroadcast, DDPStrategy):
    """FSDP: each process has a part of weights, gradients and optimiser (Zhao et al. 2023).

    The parts of a network are gathered one after the other, just before they are used. States are
    given and taken as a whole, so that a checkpoint is the same as that of one process.
    """

    def __init__(self, *, cpu_offload: bool, **options: Any) -> None:
        super().__init__(**options)
        self._offloads = cpu_offload

    def configure_ddp(self) -> None:
        """Divide the network, where another strategy wraps it."""
        from mlfw_lightning.loop.module import Module as OwnModule

        module = self.lightning_module
        assert module is not None
        mesh = init_device_mesh(self.root_device.type, (self.world_size,))
        offload = CPUOffloadPolicy() if self._offloads else OffloadPolicy()
        whole: Module = module.network if isinstance(module, OwnModule) else module
        _check(whole)
        for part in _parts(whole):
            fully_shard(part, mesh=mesh, offload_policy=offload)
        if whole is module:
            for step in STEPS:
                if is_overridden(step, module):
                    register_fsdp_forward_method(module, step)
        if not self._offloads:
            module.to(self.root_device)

    def model_to_device(self) -> None:
        """Leave a network where it is until it is divided: it may be too large for a device."""
        if self._offloads:
            super().model_to_device()

    @property
    def restore_checkpoint_after_setup(self) -> bool:
        """Whether states are loaded once the network is divided, which they must be."""
        return True

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """Return the whole weights, on the first process; all processes call this."""
        assert self.lightning_module is not None
        return get_model_state_dict(self.lightning_module, options=_whole())

    def load_model_state_dict(self, checkpoint: Mapping[str, Any], strict: bool = True) -> None:
        """Take whole weights, which every process is given."""
        assert self.lightning_module is not None
        weights = dict(checkpoint["state_dict"])
        set_model_state_dict(self.lightning_module, weights, options=_whole(strict=strict))

    def optimizer_state(self, optimizer: Optimizer) -> dict[str, Any]:
        """Return the whole state of an optimiser, on the first process; all call this.

        `get_optimizer_state_dict` would step an optimiser that has not learnt yet, and counts
        that step for weights that begin to learn later.
        """
        first = self.global_rank == 0

        def gathered(value: DTensor) -> Tensor | None:
            whole = value.full_tensor()
            return whole.cpu() if first else None

        state = apply_to_collection(super().optimizer_state(optimizer), DTensor, gathered)
        return dict(state) if first else {}

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Take whole states of the optimisers, which every process is given."""
        divided = [
            _divided(optimizer, state)
            for optimizer, state in zip(
                self.optimizers, checkpoint["optimizer_states"], strict=True
            )
        ]
        super().load_optimizer_state_dict({"optimizer_states": divided})


def _whole(*, strict: bool = True) -> StateDictOptions:
    return StateDictOptions(full_state_dict=True, cpu_offload=True, strict=strict)


def _parts(module: Module) -> Iterable[Module]:
    """Yield the parts to divide one by one, the innermost first and the whole last."""
    if not _shares_weights(module):
        for child in module.children():
            yield from _parts_within(child)
    yield module


def _parts_within(module: Module) -> Iterable[Module]:
    if not isinstance(module, UNDIVIDED):
        for child in module.children():
            yield from _parts_within(child)
    if not isinstance(module, NEVER_A_PART) and _left(module) >= SMALLEST_PART:
        yield module


def _left(module: Module) -> int:
    """Return how many weights of a module belong to no part within it."""
    if isinstance(module, FSDPModule):
        return 0
    own = sum(weights.numel() for weights in module.parameters(recurse=False))
    return own + sum(_left(child) for child in module.children())


def _shares_weights(module: Module) -> bool:
    """Return whether some weights stand in several places, which must be in one part."""
    return len(list(module.parameters())) < len(
        list(module.named_parameters(remove_duplicate=False))
    )


def _check(module: Module) -> None:
    single = [name for name, weights in module.named_parameters() if weights.dim() == 0]
    if single:
        raise UserError(
            f"trainer.strategy=fsdp: the weights '{single[0]}' are a single number, which cannot "
            "be divided.",
            "Give them the shape [1], or set trainer.strategy=ddp.",
        )


def _divided(optimizer: Optimizer, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an optimiser's state that belongs to this process's weights."""
    weights: list[Parameter] = [w for group in optimizer.param_groups for w in group["params"]]

    def part(of: Tensor, value: Any) -> Any:
        data = of.data
        if not isinstance(data, DTensor) or not isinstance(value, Tensor):
            return value
        if value.shape != data.shape:
            return value
        moved = value.to(data.device)
        return distribute_tensor(moved, data.device_mesh, data.placements, src_data_rank=None)

    kept = {
        number: {name: part(weights[number], value) for name, value in known.items()}
        for number, known in state["state"].items()
    }
    return {**state, "state": kept}
