"""What a step learns from, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mlfw_lightning.loop.randomness import derived_seed
from mlfw_tabular.prepare import Augmentation, augment
from mlfw_tabular.prepared import CODES, IMAGES, NUMBERS, TARGET, TOKENS


class Inputs(NamedTuple):
    """What a network is called with.

    Attributes:
        numbers: float32 [rows, numbers], scaled, nothing missing.
        codes: int32 [rows, categories]; 0 is unknown.
        texts: For each text the numbers of its words, int32 [rows, length]; 0 is padding.
        images: For each image its pixels, uint8 [rows, channels, height, width].
    """

    numbers: Tensor
    codes: Tensor
    texts: tuple[Tensor, ...] = ()
    images: tuple[Tensor, ...] = ()

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Inputs:
        """Return named arrays as inputs."""
        return cls(
            tensors[NUMBERS],
            tensors[CODES],
            tuple(tensor for name, tensor in tensors.items() if name.startswith(TOKENS)),
            tuple(tensor for name, tensor in tensors.items() if name.startswith(IMAGES)),
        )

    def rows(self, some: slice) -> Inputs:
        """Return some of the rows."""
        return Inputs(
            self.numbers[some],
            self.codes[some],
            tuple(text[some] for text in self.texts),
            tuple(image[some] for image in self.images),
        )


class Batch(NamedTuple):
    """The rows that one process sees of a batch.

    Attributes:
        inputs: What the network is called with.
        targets: One tensor a head; see `mlfw_lightning.heads.Head.loss_sum`.
        whole: How many rows the whole batch has, over all processes.
    """

    inputs: Inputs
    targets: tuple[Tensor, ...]
    whole: int

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], rows: int) -> Batch:
        """Return named arrays as a batch."""
        targets = []
        for index in count():
            target = tensors.get(f"{TARGET}/{index}")
            if target is None:
                break
            targets.append(target)
        return cls(Inputs.of(tensors), tuple(targets), rows)


class Ordered:
    """The order of one process's batches.

    Attributes:
        epoch: Which pass over the rows is next, from 0.
        workers: How many threads make batches ahead; 0 to make each when it is wanted.
    """

    def __init__(
        self,
        rows: int,
        size: int,
        seed: int | None,
        rank: int,
        world: int,
        vary: Mapping[str, Augmentation] | None,
    ) -> None:
        self.rows = rows
        self.vary = vary or {}
        self.size = size
        self.seed = seed
        self.rank = rank
        self.world = world
        self.epoch = 0
        self.workers = 0

    def __len__(self) -> int:
        return -(-self.rows // self.size)

    def batch(self, step: int, tensors: dict[str, Tensor], rows: int) -> Batch:
        """Return this process's rows of a batch, its images varied."""
        for name, how in self.vary.items():
            seed = derived_seed(self.seed or 0, self.epoch, self.rank, step, 2)
            random = np.random.default_rng(seed)
            tensors[name] = torch.from_numpy(augment(tensors[name].numpy(), how, random))
        return Batch.of(tensors, rows)
