"""Batches of rows in files: windows of them are read and shuffled while others are learnt from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from mmap import mmap

import numpy as np
import torch
from torch import Tensor

from mlfw_lightning.loop.ahead import in_pool
from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.ordered import Ordered
from mlfw_lightning.loop.randomness import derived_seed
from mlfw_tabular import window_rows

BLOCK_ROWS = 4096
WINDOW_BYTES = 32_000_000
LANES = 8


@dataclass(eq=False)
class StreamedBatches(Ordered):
    """Batches of rows in files, with bounded memory.

    Blocks of neighbouring rows come in random order and are dealt out to lanes. Each lane reads a
    window of its blocks at a time and shuffles their rows; a batch takes from every lane its
    share. Processes divide the lanes among them, so that batches hold the same rows for 1, 2, 4
    and 8 processes, and each process reads only its own.
    """

    def __post_init__(self) -> None:
        """Choose how many rows a window has."""
        lanes = LANES if self.seed is not None else 1  # what is not shuffled keeps its order
        self._lanes = self.world * -(-lanes // self.world)
        most = window_rows(self.arrays, WINDOW_BYTES)
        self._block = min(max(most // LANES, 1), BLOCK_ROWS)
        self._window = max(most // (self._block * lanes), 1)

    def starting(self, first: int) -> Iterator[Batch]:
        """Yield this process's rows of the batches of this epoch from a number on."""
        lanes = self._dealt()
        shares = [int(self._sizes(lane).sum()) for lane in lanes]
        mine = range(self.rank, self._lanes, self.world)
        # One thread reads for all lanes: what each thread has freed, no other one uses again.
        with ThreadPoolExecutor(1) as reader:
            pieces = {
                lane: self._pieces(reader, lane, lanes[lane], self._cut(lane, shares, first))
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

    def _pieces(
        self, reader: ThreadPoolExecutor, lane: int, blocks: np.ndarray, passed: int
    ) -> _Pieces:
        """Return a lane's rows, of which the next window is read ahead.

        Args:
            reader: Reads the windows.
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
        windows = in_pool(reader, lambda number: self._read(lane, number, own[number]), numbers, 1)
        return _Pieces(windows, passed)

    def _read(self, lane: int, number: int, blocks: np.ndarray) -> dict[str, Tensor]:
        """Read a window's blocks and shuffle their rows; see `ahead` for why with NumPy."""
        size = int(self._sizes(blocks).sum())
        place = np.arange(size)
        if self.seed is not None:
            place = np.random.default_rng(
                derived_seed(self.seed, self.epoch, lane, number)
            ).permutation(size)
        window = {
            name: _apart((size, *array.shape[1:]), array.dtype)
            for name, array in self.arrays.read(0, 0).items()
        }
        at = 0
        for start in (blocks * self._block).tolist():
            rows = self.arrays.read(start, min(start + self._block, self.rows))
            count = len(next(iter(rows.values())))
            for name, array in rows.items():
                window[name][place[at : at + count]] = array
            at += count
        return {name: torch.from_numpy(array) for name, array in window.items()}


def _apart(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return an array of zeros outside the heap, which keeps holes of what was freed."""
    size = math.prod(shape) * dtype.itemsize
    if not size:
        return np.zeros(shape, dtype)
    return np.frombuffer(mmap(-1, size), dtype).reshape(shape)


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
            self._window = {}  # not held while the next one comes
            self._window = next(self._windows)
            self._at, self._rows = 0, len(next(iter(self._window.values())))
        return _joined(taken)
