"""Finding a learning rate by a range test."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mlfw import UserError

LOWEST, HIGHEST, STEPS = 1e-6, 10.0, 120
# How many times the first loss the smoothed loss must be for the test to end.
DIVERGED = 3.0
KEPT = 0.9
WINDOW = 11


@dataclass(frozen=True)
class RangeTest:
    """How the loss followed the learning rate.

    Attributes:
        rates: The learning rates that were tried, each for one step.
        losses: The loss of each step's batch before the step.
        suggestion: Where the smoothed loss falls most steeply; None where it never falls.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float | None


def find_learning_rate(
    network: nn.Module,
    loss: Callable[[nn.Module, Any], Tensor],
    batches: Iterable[Any],
    build: Callable[[nn.Module], Optimizer],
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
) -> RangeTest:
    """Raise the learning rate at every step until the loss grows (Smith 2017).

    A copy of the network learns: the network itself, its gradients and torch's random numbers
    are afterwards as they were.

    Args:
        network: What is to be trained, with the weights to start from.
        loss: Returns the mean loss of a network on a batch; it is never negative.
        batches: Training batches; begun again when they end before the test does.
        build: Returns the optimiser of a network, as training will use it.
        lowest: The first learning rate.
        highest: The last, where the loss does not grow before.
        steps: How many rates there are, evenly over orders of magnitude.

    Returns:
        What was measured and what follows from it.

    Raises:
        UserError: The loss is not a number at the lowest rate already.
    """
    rates = np.geomspace(lowest, highest, steps).tolist()
    place = next(network.parameters()).device
    with torch.random.fork_rng([place] if place.type == "cuda" else []):
        copied = copy.deepcopy(network).train()
        losses = _losses(copied, loss, islice(cycle(batches), steps), build(copied), rates)
    if not losses:
        raise UserError(
            "trainer.find_learning_rate: the loss of the first batch is not a finite number.",
            "Look for infinite or very large values in the columns, or set model.learning_rate.",
        )
    tried = rates[: len(losses)]
    return RangeTest(tuple(tried), tuple(losses), suggested_rate(tried, losses))


def _losses(
    network: nn.Module,
    loss: Callable[[nn.Module, Any], Tensor],
    batches: Iterable[Any],
    optimizer: Optimizer,
    rates: list[float],
) -> list[float]:
    """Return the loss of each step, up to the last before it grows or is no number."""
    losses: list[float] = []
    mean = 0.0
    for rate, batch in zip(rates, batches, strict=False):
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("scale", 1.0)
        optimizer.zero_grad()
        value = loss(network, batch)
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if not math.isfinite(value.item()):
            break
        losses.append(value.item())
        mean = KEPT * mean + (1 - KEPT) * losses[-1]
        if mean / (1 - KEPT ** len(losses)) > DIVERGED * losses[0]:
            break
    return losses


def suggested_rate(rates: list[float], losses: list[float]) -> float | None:
    """Return the rate at which the smoothed loss falls most steeply before it is lowest.

    Args:
        rates: Evenly spaced over orders of magnitude.
        losses: One for each.

    Returns:
        One of the rates; None where the loss never falls.
    """
    half = min(WINDOW, len(losses)) // 2
    smooth = np.array(
        [np.mean(losses[max(i - half, 0) : i + half + 1]) for i in range(len(losses))]
    )
    lowest = int(smooth.argmin())
    if lowest == 0:
        return None
    slopes = np.gradient(smooth[: lowest + 1], np.log(rates[: lowest + 1]))
    return rates[int(slopes.argmin())]
