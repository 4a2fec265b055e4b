"""Deciding alike in all processes of a training."""

from __future__ import annotations

import torch

from mlfw import UserError


def agreed(*wishes: bool, world: int) -> list[bool]:
    """Return which wishes some process has; all processes call it with as many.

    Args:
        wishes: Those of this process.
        world: How many processes there are.
    """
    if world == 1:
        return list(wishes)
    return [bool(flag) for flag in _largest(*wishes)]


def check_same_start(epoch: int, step: int, *, world: int) -> None:
    """Check that all processes, which all call this, continue from the same checkpoint.

    Args:
        epoch: After how many epochs this process's checkpoint was kept; 0 without one.
        step: After how many steps of the next epoch.
        world: How many processes there are.

    Raises:
        UserError: They do not.
    """
    if world > 1 and _largest(epoch, step) != [-n for n in _largest(-epoch, -step)]:
        raise UserError(
            "trainer: the processes do not find the same checkpoints to continue from.",
            "Keep run.folder (or run.dir) on a disk that all machines share.",
        )


def collective_device() -> str:
    """Return where tensors must be that processes exchange."""
    return "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"


def _largest(*numbers: int) -> list[int]:
    values = torch.tensor(numbers, dtype=torch.int64, device=collective_device())
    torch.distributed.all_reduce(values, torch.distributed.ReduceOp.MAX)
    return [int(value) for value in values.tolist()]
