"""Deciding alike in all processes of a training."""

from __future__ import annotations

import torch


def agreed(*wishes: bool, world: int) -> list[bool]:
    """Return which wishes some process has; all processes call it with as many.

    Args:
        wishes: Those of this process.
        world: How many processes there are.
    """
    if world == 1:
        return list(wishes)
    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    flags = torch.tensor(wishes, dtype=torch.int32, device=device)
    torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX)
    return [bool(flag) for flag in flags.tolist()]
