"""Batches: whole ones by index from memory, and from files in windows that are shuffled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mlfw_lightning.loop.ahead import ahead
from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.ordered import Ordered
from mlfw_lightning.loop.randomness import derived_seed
from mlfw_lightning.loop.streamed import StreamedBatches
from mlfw_tabular import Arrays, Augmentation, MemoryArrays

RESIDENT_SHARE = 0.25


def batches_of(
    rows: Arrays,
    size: int,
    *,
    shuffle_seed: int | None,
    rank: int = 0,
    world: int = 1,
    vary: Mapping[str, Augmentation] | None = None,
) -> Batches | StreamedBatches:
    """Return the batches of one process, in an order that follows from seed and epoch alone.

    Every row is seen once an epoch by one process.

    Args:
        rows: What to divide.
        size: How many rows a batch has, over all processes.
        shuffle_seed: What the order follows from; None to keep it as it is.
        rank: Which process this is.
        world: How many there are.
        vary: How images are varied, by the name of their array; each batch by a generator that
            follows from seed, epoch, process and step.
    """
    kind = Batches if isinstance(rows, MemoryArrays) else StreamedBatches
    return kind(rows, size, shuffle_seed, rank, world, vary or {})


@dataclass(eq=False)
class Batches(Ordered):
    """Batches of rows in memory: each batch is divided over the processes."""

    def __post_init__(self) -> None:
        """Keep the rows as tensors."""
        held = self.arrays.read(0, self.rows)
        self._tensors = {name: torch.from_numpy(array) for name, array in held.items()}
        self._device = torch.device("cpu")

    def starting(self, first: int) -> Iterator[Batch]:
        """Yield this process's rows of the batches of this epoch from a number on."""
        order = torch.split(self._order().to(self._device), self.size)

        def make(step: int) -> Batch:
            index = order[step]
            mine = index[self.rank :: self.world] if self.world > 1 else index
            taken = {name: self._take(tensor, mine) for name, tensor in self._tensors.items()}
            return self.batch(step, taken, len(index))

        return ahead(make, range(first, len(order)), self.workers)

    def _take(self, tensor: Tensor, index: Tensor) -> Tensor:
        """Return some rows; with NumPy where threads do it, see `ahead`."""
        if self.workers and self._device.type == "cpu":
            return torch.from_numpy(tensor.numpy()[index.numpy()])
        return tensor[index]

    def move(self, device: torch.device) -> None:
        """Keep the rows on a GPU where they take a small part of its memory.

        Images that are varied stay: that is done in the machine's own memory.
        """
        if device.type != "cuda" or self.vary:
            return
        needed = sum(tensor.nbytes for tensor in self._tensors.values())
        if needed <= RESIDENT_SHARE * torch.cuda.mem_get_info(device)[0]:
            self._tensors = {name: tensor.to(device) for name, tensor in self._tensors.items()}
            self._device = device

    def _order(self) -> Tensor:
        if self.seed is None:
            return torch.arange(self.rows)
        generator = torch.Generator().manual_seed(derived_seed(self.seed, self.epoch))
        return torch.randperm(self.rows, generator=generator)
