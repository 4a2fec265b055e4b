"""Whole batches by index: far faster than collating rows one by one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from mlfw_lightning.learner import Rows

Batch = tuple[Tensor, Tensor, Tensor, int]


def derived_seed(*numbers: int) -> int:
    """Return a seed that follows from some numbers, for one of many independent streams."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 6364136223846793005 + number + 1442695040888963407) % 2**63
    return mixed


class Batches:
    """The batches of one process, in an order that follows from seed and epoch alone.

    Each batch is divided over the processes, so every row is seen once an epoch by one of them.

    Attributes:
        sampler: Itself where the order changes with the epoch; there Lightning looks for
            `set_epoch`.
    """

    def __init__(
        self, rows: Rows, size: int, *, shuffle_seed: int | None, rank: int = 0, world: int = 1
    ) -> None:
        self.rows = rows
        self.size = size
        self.seed = shuffle_seed
        self.rank = rank
        self.world = world
        self.epoch = 0
        if shuffle_seed is not None:
            self.sampler = self

    def set_epoch(self, epoch: int) -> None:
        """Take note of the epoch that begins."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.rows) // self.size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield numbers, codes and target of this process's rows, and the whole batch's size."""
        for index in torch.split(self._order(), self.size):
            mine = index[self.rank :: self.world] if self.world > 1 else index
            yield (*self.rows.take(mine), len(index))

    def _order(self) -> Tensor:
        if self.seed is None:
            return torch.arange(len(self.rows))
        generator = torch.Generator().manual_seed(derived_seed(self.seed, self.epoch))
        return torch.randperm(len(self.rows), generator=generator)
