"""Batches: whole ones by index from memory, and from files in windows that are shuffled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mlfw_lightning.ahead import ahead
from mlfw_lightning.randomness import derived_seed
from mlfw_tabular.arrays import Arrays, MemoryArrays, window_rows
from mlfw_tabular.prepare import Augmentation, augment
from mlfw_tabular.prepared import CODES, IMAGES, NUMBERS, TARGET, TOKENS

BLOCK_ROWS = 4096
WINDOW_BYTES = 64_000_000
RESIDENT_SHARE = 0.25


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
    if isinstance(rows, MemoryArrays):
        return Batches(rows, size, shuffle_seed, rank, world, vary)
    return StreamedBatches(rows, size, shuffle_seed, rank, world, vary)


class _Ordered:
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


class Batches(_Ordered):
    """Batches of rows in memory: each batch is divided over the processes."""

    def __init__(
        self,
        rows: MemoryArrays,
        size: int,
        seed: int | None,
        rank: int,
        world: int,
        vary: Mapping[str, Augmentation] | None,
    ) -> None:
        super().__init__(rows.rows, size, seed, rank, world, vary)
        self._tensors = {name: torch.from_numpy(array) for name, array in rows.arrays.items()}
        self._device = torch.device("cpu")

    def __iter__(self) -> Iterator[Batch]:
        """Yield this process's rows of every batch."""
        return self.starting(0)

    def starting(self, first: int) -> Iterator[Batch]:
        """Yield this process's rows of the batches of this epoch from a number on."""
        order = torch.split(self._order().to(self._device), self.size)

        def make(step: int) -> Batch:
            index = order[step]
            mine = index[self.rank :: self.world] if self.world > 1 else index
            taken = {name: tensor[mine] for name, tensor in self._tensors.items()}
            return self.batch(step, taken, len(index))

        return ahead(make, range(first, len(order)), self.workers)

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


class StreamedBatches(_Ordered):
    """Batches of rows in files, with bounded memory.

    Blocks of neighbouring rows come in random order; a window of blocks is read at a time, its
    rows are shuffled, and batches are cut from it. Each process reads its own share of every
    window. All processes take the same number of steps.
    """

    def __init__(
        self,
        rows: Arrays,
        size: int,
        seed: int | None,
        rank: int,
        world: int,
        vary: Mapping[str, Augmentation] | None,
    ) -> None:
        super().__init__(rows.rows, size, seed, rank, world, vary)
        self._arrays = rows
        blocks = max(window_rows(rows, WINDOW_BYTES) // BLOCK_ROWS, 1)
        self._window = blocks * world

    def __iter__(self) -> Iterator[Batch]:
        """Yield this process's rows of every batch; the next window is read meanwhile."""
        return self.starting(0)

    def starting(self, first: int) -> Iterator[Batch]:
        """Yield this process's rows of the batches of this epoch from a number on."""
        blocks = self._blocks()
        shares = [self._share(blocks, rank) for rank in range(self.world)]
        pieces = _Pieces(*self._windows(blocks, self._cut(shares[self.rank], first)))
        for step in range(first, len(self)):
            sizes = [self._cut(share, step + 1) - self._cut(share, step) for share in shares]
            yield self.batch(step, pieces.take(sizes[self.rank]), sum(sizes))

    def _cut(self, share: int, step: int) -> int:
        return min(step * self.size * share // self.rows, share)

    def _blocks(self) -> np.ndarray:
        """Return the blocks' numbers in this epoch's order."""
        number = -(-self.rows // BLOCK_ROWS)
        if self.seed is None:
            return np.arange(number)
        return np.random.default_rng(derived_seed(self.seed, self.epoch)).permutation(number)

    def _mine(self, blocks: np.ndarray, rank: int) -> list[np.ndarray]:
        """Return a process's blocks of every window."""
        starts = range(0, len(blocks), self._window)
        return [blocks[start : start + self._window][rank :: self.world] for start in starts]

    def _share(self, blocks: np.ndarray, rank: int) -> int:
        """Return how many rows a process sees in an epoch."""
        return sum(int(self._sizes(own).sum()) for own in self._mine(blocks, rank))

    def _sizes(self, blocks: np.ndarray) -> np.ndarray:
        sizes: np.ndarray = np.minimum((blocks + 1) * BLOCK_ROWS, self.rows) - blocks * BLOCK_ROWS
        return sizes

    def _windows(self, blocks: np.ndarray, passed: int) -> tuple[Iterator[dict[str, Tensor]], int]:
        """Return this process's windows that hold rows after some, and how many rows to leave out.

        Args:
            blocks: The blocks' numbers in order.
            passed: After how many of this process's rows to begin.
        """
        own = [window for window in self._mine(blocks, self.rank) if len(window)] or [blocks[:0]]
        first = 0
        while first + 1 < len(own) and passed >= (size := int(self._sizes(own[first]).sum())):
            first, passed = first + 1, passed - size
        numbers = range(first, len(own))
        return ahead(lambda number: self._read(number, own[number]), numbers, 1), passed

    def _read(self, number: int, blocks: np.ndarray) -> dict[str, Tensor]:
        """Read a window's blocks and shuffle their rows."""
        starts = [block * BLOCK_ROWS for block in blocks.tolist()]
        parts = [
            self._arrays.read(start, min(start + BLOCK_ROWS, self.rows)) for start in starts
        ] or [self._arrays.read(0, 0)]
        joined = {
            name: torch.from_numpy(np.concatenate([part[name] for part in parts]))
            for name in parts[0]
        }
        if self.seed is None:
            return joined
        seed = derived_seed(self.seed, self.epoch, self.rank, number)
        order = torch.randperm(
            int(self._sizes(blocks).sum()), generator=torch.Generator().manual_seed(seed)
        )
        return {name: tensor[order] for name, tensor in joined.items()}


class _Pieces:
    """Cuts pieces of any size from a row of windows."""

    def __init__(self, windows: Iterator[dict[str, Tensor]], passed: int) -> None:
        self._windows = windows
        self._window: dict[str, Tensor] = {}
        self._at = 0
        self._rows = 0
        if passed:
            self.take(passed)

    def take(self, rows: int) -> dict[str, Tensor]:
        """Return the next rows."""
        taken: list[dict[str, Tensor]] = []
        while True:
            piece = min(rows, self._rows - self._at)
            stop = self._at + piece
            if piece or (not rows and self._window):
                taken.append({name: t[self._at : stop] for name, t in self._window.items()})
            self._at, rows = stop, rows - piece
            if not rows and taken:
                break
            self._window = next(self._windows)
            self._at, self._rows = 0, len(next(iter(self._window.values())))
        if len(taken) == 1:
            return taken[0]
        return {name: torch.cat([part[name] for part in taken]) for name in taken[0]}
