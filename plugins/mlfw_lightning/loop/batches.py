"""Batches: whole ones by index from memory, and from files in windows that are shuffled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mlfw_lightning.loop.ahead import ahead
from mlfw_lightning.loop.randomness import derived_seed
from mlfw_tabular.arrays import Arrays, MemoryArrays, window_rows
from mlfw_tabular.prepare import Augmentation, augment
from mlfw_tabular.prepared import CODES, IMAGES, NUMBERS, TARGET, TOKENS

BLOCK_ROWS = 4096
WINDOW_BYTES = 32_000_000
RESIDENT_SHARE = 0.25
LANES = 8


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

    Blocks of neighbouring rows come in random order and are dealt out to lanes. Each lane reads a
    window of its blocks at a time and shuffles their rows; a batch takes from every lane its
    share. Processes divide the lanes among them, so that batches hold the same rows for 1, 2, 4
    and 8 processes, and each process reads only its own.
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
        lanes = LANES if seed is not None else 1  # what is not shuffled keeps its order
        self._lanes = world * -(-lanes // world)
        most = window_rows(rows, WINDOW_BYTES)
        self._block = min(max(most // LANES, 1), BLOCK_ROWS)
        self._window = max(most // (self._block * lanes), 1)

    def __iter__(self) -> Iterator[Batch]:
        """Yield this process's rows of every batch; the next windows are read meanwhile."""
        return self.starting(0)

    def starting(self, first: int) -> Iterator[Batch]:
        """Yield this process's rows of the batches of this epoch from a number on."""
        lanes = self._dealt()
        shares = [int(self._sizes(lane).sum()) for lane in lanes]
        mine = range(self.rank, self._lanes, self.world)
        pieces = {
            lane: _Pieces(*self._windows(lane, lanes[lane], self._cut(lane, shares, first)))
            for lane in mine
        }
        for step in range(first, len(self)):
            sizes = [
                self._cut(lane, shares, step + 1) - self._cut(lane, shares, step)
                for lane in range(self._lanes)
            ]
            taken = [pieces[lane].take(sizes[lane]) for lane in mine]
            yield self.batch(step, _joined(taken), sum(sizes))

    def _cut(self, lane: int, shares: list[int], step: int) -> int:
        """Return how many rows a lane has given after some steps.

        Lanes round at different points, so that batches are even although each lane gives whole
        rows.
        """
        parts = 2 * self._lanes * self.rows
        exact = min(step * self.size, self.rows) * shares[lane] * 2 * self._lanes
        return (exact + (2 * lane + 1) * self.rows) // parts

    def _dealt(self) -> list[np.ndarray]:
        """Return the numbers of each lane's blocks, in this epoch's order."""
        number = -(-self.rows // self._block)
        blocks = np.arange(number)
        if self.seed is not None:
            blocks = np.random.default_rng(derived_seed(self.seed, self.epoch)).permutation(number)
        return [blocks[lane :: self._lanes] for lane in range(self._lanes)]

    def _sizes(self, blocks: np.ndarray) -> np.ndarray:
        starts = blocks * self._block
        sizes: np.ndarray = np.minimum(starts + self._block, self.rows) - starts
        return sizes

    def _windows(
        self, lane: int, blocks: np.ndarray, passed: int
    ) -> tuple[Iterator[dict[str, Tensor]], int]:
        """Return a lane's windows that hold rows after some, and how many rows to leave out.

        Args:
            lane: The lane's number.
            blocks: The numbers of its blocks in order.
            passed: After how many of its rows to begin.
        """
        starts = range(0, len(blocks), self._window)
        own = [blocks[start : start + self._window] for start in starts] or [blocks]
        first = 0
        while first + 1 < len(own) and passed >= (size := int(self._sizes(own[first]).sum())):
            first, passed = first + 1, passed - size
        numbers = range(first, len(own))
        return ahead(lambda number: self._read(lane, number, own[number]), numbers, 1), passed

    def _read(self, lane: int, number: int, blocks: np.ndarray) -> dict[str, Tensor]:
        """Read a window's blocks and shuffle their rows."""
        starts = [block * self._block for block in blocks.tolist()]
        parts = [
            self._arrays.read(start, min(start + self._block, self.rows)) for start in starts
        ] or [self._arrays.read(0, 0)]
        joined = {
            name: torch.from_numpy(np.concatenate([part[name] for part in parts]))
            for name in parts[0]
        }
        if self.seed is None:
            return joined
        seed = derived_seed(self.seed, self.epoch, lane, number)
        order = torch.randperm(
            int(self._sizes(blocks).sum()), generator=torch.Generator().manual_seed(seed)
        )
        return {name: tensor[order] for name, tensor in joined.items()}


def _joined(parts: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the rows of several parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


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
        return _joined(taken)
