"""What Lightning takes for batches: chunks of optimiser steps, so that its own work is spread."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, Self

from mlfw_lightning.loop.batch import Batch
from mlfw_lightning.loop.batches import Batches
from mlfw_lightning.loop.streamed import StreamedBatches

MOST_STEPS = 16
# Larger batches take so long that Lightning's own work for each is nothing beside it.
CHUNK_BYTES = 2_000_000


class Step(NamedTuple):
    """What one optimiser step learns from.

    Attributes:
        number: Which step of the epoch, from 0.
        batches: One batch, or several whose gradients are added.
    """

    number: int
    batches: tuple[Batch, ...]


class Chunk:
    """Some steps in a row, made when they are wanted."""

    def __init__(self, batches: Iterator[Batch], numbers: range, accumulate: int) -> None:
        self._batches = batches
        self._numbers = numbers
        self._accumulate = accumulate

    def __iter__(self) -> Iterator[Step]:
        """Yield the steps; each can be had once."""
        for number in self._numbers:
            yield Step(number, tuple(islice(self._batches, self._accumulate)))

    def to(self, *_: Any, **__: Any) -> Self:
        """Stay here when Lightning moves it to a device: each batch is moved when it is used."""
        return self


class Steps:
    """The steps of every epoch, in chunks.

    An epoch that is continued has as many chunks as any other; those that it has behind it are
    empty. So Lightning need not know.

    Attributes:
        sampler: Itself; there Lightning looks for `set_epoch`.
        number: How many steps an epoch has.
        rows: How many rows an epoch has.
    """

    def __init__(self, batches: Batches | StreamedBatches, *, accumulate: int, chunk: int) -> None:
        """Cut steps.

        Args:
            batches: What to learn from.
            accumulate: How many batches make one step.
            chunk: How many steps make one chunk.
        """
        self.batches = batches
        self.accumulate = accumulate
        self.chunk = chunk
        self.number = -(-len(batches) // accumulate)
        self.rows = batches.rows
        self.sampler = self
        self._start = (0, 0)

    def start_at(self, epoch: int, step: int) -> None:
        """Leave out the first steps of one epoch, which have been made before."""
        self._start = (epoch, step)

    def behind(self, number: int) -> bool:
        """Tell whether a step of this epoch has been made before."""
        epoch, step = self._start
        return self.batches.epoch == epoch and number < step

    def set_epoch(self, epoch: int) -> None:
        """Take note of the epoch that begins."""
        self.batches.epoch = epoch

    def again(self, number: int) -> tuple[Batch, ...]:
        """Return the batches of a step of this epoch, made once more."""
        return tuple(islice(self.batches.starting(number * self.accumulate), self.accumulate))

    def __len__(self) -> int:
        return -(-self.number // self.chunk)

    def __iter__(self) -> Iterator[Chunk]:
        """Yield an epoch's chunks; they must be used in order."""
        epoch, step = self._start
        first = step if self.batches.epoch == epoch else 0
        batches = self.batches.starting(first * self.accumulate)
        for start in range(0, self.number, self.chunk):
            stop = min(start + self.chunk, self.number)
            yield Chunk(batches, range(max(start, first), stop), self.accumulate)


def steps_a_chunk(batch_bytes: int) -> int:
    """Return how many steps to put into one chunk.

    Args:
        batch_bytes: How many bytes the inputs of a step take.
    """
    return min(max(CHUNK_BYTES // max(batch_bytes, 1), 1), MOST_STEPS)
