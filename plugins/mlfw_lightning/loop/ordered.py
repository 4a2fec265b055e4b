"""The order of one process's batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.randomness import derived_seed
from mlfw_tabular import Arrays, Augmentation, augment


@dataclass(eq=False)
class Ordered(ABC):
    """The batches of one process, epoch after epoch; see `mlfw_lightning.loop.batches.batches_of`.

    Attributes:
        arrays: What is divided.
        size: How many rows a batch has, over all processes.
        seed: What the order follows from; None to keep it as it is.
        rank: Which process this is.
        world: How many there are.
        vary: How images are varied, by the name of their array.
        epoch: Which pass over the rows is next, from 0.
        workers: How many threads make batches ahead; 0 to make each when it is wanted.
    """

    arrays: Arrays
    size: int
    seed: int | None
    rank: int
    world: int
    vary: Mapping[str, Augmentation]
    epoch: int = 0
    workers: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.arrays.rows

    def __len__(self) -> int:
        return -(-self.rows // self.size)

    def __iter__(self) -> Iterator[Batch]:
        """Yield this process's rows of every batch."""
        return self.starting(0)

    @abstractmethod
    def starting(self, first: int) -> Iterator[Batch]:
        """Yield this process's rows of the batches of this epoch from a number on."""

    def batch(self, step: int, tensors: dict[str, Tensor], rows: int) -> Batch:
        """Return this process's rows of a batch, its images varied."""
        for name, how in self.vary.items():
            seed = derived_seed(self.seed or 0, self.epoch, self.rank, step, 2)
            random = np.random.default_rng(seed)
            tensors[name] = torch.from_numpy(augment(tensors[name].numpy(), how, random))
        return Batch.of(tensors, rows)
