"""Finding the largest batch that fits into memory."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mlfw import UserError
from mlfw_lightning.finding.memory_gauge import Gauge, gauge_of
from mlfw_lightning.learning.optimisation import SMALLEST_BATCH
from mlfw_lightning.mistakes import ALLOCATOR

LARGEST_SHARE = 0.7
STEPS_AN_EPOCH = 10


@dataclass(frozen=True)
class BatchTest:
    """The largest batch, and what was measured.

    Attributes:
        rows: How many rows the largest batch has.
        memory: For each size that was tried, the bytes that a step took beyond what the network,
            its gradients and its optimiser take.
        full: Whether memory was the bound, and not the number of rows.
    """

    rows: int
    memory: dict[int, int]
    full: bool


def most_rows(rows: int) -> int:
    """Return how many rows a batch of so many training rows should have at most.

    An epoch has ten steps or more, as fewer steps learn less from the same rows.
    """
    return max(rows // STEPS_AN_EPOCH, min(rows, SMALLEST_BATCH), 1)


def find_batch_size(
    network: nn.Module,
    loss: Callable[[nn.Module, Any], Tensor],
    batch_of: Callable[[int], Any],
    build: Callable[[nn.Module], Optimizer],
    *,
    largest: int,
    share: float = 1.0,
) -> BatchTest:
    """Return the largest batch with which a training step fits into memory.

    A copy of the network takes the steps: the network itself and torch's random numbers are
    afterwards as they were.

    Args:
        network: What is to be trained, on the device that trains it.
        loss: Returns the mean loss of a network on a batch.
        batch_of: Returns a batch of so many rows, on that device.
        build: Returns the optimiser of a network, as training will use it.
        largest: Most rows of a batch; see `most_rows`.
        share: Which part of the free memory one process may take, where several divide it.

    Raises:
        UserError: Not even the smallest batch fits, or memory cannot be measured here.
    """
    device = next(network.parameters()).device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        copied = copy.deepcopy(network).train()
        optimizer = build(copied)

        def step(rows: int) -> None:
            loss(copied, batch_of(rows)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            # Kept, so that what they take belongs to the base and not to the rows.
            optimizer.zero_grad(set_to_none=False)

        smallest = min(SMALLEST_BATCH, largest)
        if _memory(step, gauge_of(device), smallest) is None:
            raise UserError(
                f"trainer.find_batch_size: a batch of {smallest} rows does not fit into memory.",
                "Choose a smaller model, or set model.batch_size.",
            )
        gauge = gauge_of(device)
        bound = int(LARGEST_SHARE * share * gauge.free)
        return largest_batch(step, gauge, smallest=smallest, largest=largest, bound=bound)


def largest_batch(
    step: Callable[[int], None], gauge: Gauge, *, smallest: int, largest: int, bound: int
) -> BatchTest:
    """Double a batch until the next one would take too much memory.

    What a step takes grows in proportion to its rows, so that a size is only tried where the
    last one says that it fits; a machine without free memory ends processes.

    Args:
        step: Takes a training step with so many rows; has taken one with the smallest batch.
        gauge: Of the device's memory, its base measured after that step.
        smallest: Rows of the first batch.
        largest: Most rows.
        bound: Most bytes that a step may take.
    """
    memory: dict[int, int] = {}
    rows = smallest
    while (taken := _memory(step, gauge, rows)) is not None:
        memory[rows] = taken
        following = min(2 * rows, largest)
        if following == rows:
            return BatchTest(rows, memory, full=False)
        if taken * following / rows > bound:
            break
        rows = following
    return BatchTest(max(memory, default=smallest), memory, full=True)


def _memory(step: Callable[[int], None], gauge: Gauge, rows: int) -> int | None:
    """Return the bytes that a step takes; None where memory was full, and is free again."""
    try:
        return gauge.peak(lambda: step(rows))
    except (torch.OutOfMemoryError, MemoryError):
        pass
    except RuntimeError as error:
        if ALLOCATOR not in str(error):
            raise
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None
