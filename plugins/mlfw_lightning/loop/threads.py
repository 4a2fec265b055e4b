"""How many threads compute a network on a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from mlfw_lightning.network import InputShape

# Multiplications of a step below which threads wait for one another longer than they compute; where
# other processes want the cores too, ten times as long.
SMALL = 20_000_000


@contextmanager
def threads_for(network: nn.Module, shape: InputShape, rows: int) -> Iterator[None]:
    """Compute in one thread within the block where steps are small.

    It follows from network and batch alone, as results differ with the number of threads.

    Args:
        network: What is computed.
        shape: What goes into it; a text or an image makes every step large.
        rows: How many rows a step has in this process.
    """
    before = torch.get_num_threads()
    weights = sum(parameter.numel() for parameter in network.parameters())
    if not shape.texts and not shape.images and weights * rows <= SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
