"""Saying at which step a loss is no number any more, and which column is the likely cause."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlfw import UserError

if TYPE_CHECKING:
    from mlfw_lightning.loop.batch import Batch
    from mlfw_lightning.loop.steps import Steps

# Numbers are prepared to lie around 0, most of them between -1 and 1.
FAR = 10.0
REMEDY = "Lower model.learning_rate, or set trainer.gradient_clip=1."


def diverged(
    steps: Steps, names: tuple[str, ...], epoch: int, number: int, loss: float
) -> UserError:
    """Return the error of a training whose loss is infinite or not a number.

    The batches of a step follow from epoch and number, so they are made again to be looked at.

    Args:
        steps: The steps of every epoch.
        names: The names of the numbers that go into the network, in order.
        epoch: In which epoch it happened, from 0.
        number: After which step of it, from 0.
        loss: What the loss is.
    """
    batches = steps.again(number)
    rows = sum(batch.whole for batch in batches)
    place = f"epoch {epoch + 1}, step {number + 1} of {steps.number}, a batch of {rows} rows"
    found = max((_farthest(batch, names) for batch in batches), default=(0.0, ""))
    if found[0] > FAR or found[0] != found[0]:
        return UserError(
            f"trainer: the loss is {loss} in {place}. The likely cause is {found[1]}: as it is "
            f"prepared for the network, a value is as large as {found[0]:.3g}.",
            "Mend the values, prepare the column otherwise (for example as quantiles or "
            f"logarithms), or drop it. {REMEDY}",
        )
    return UserError(
        f"trainer: the loss is {loss} in {place}: the training diverges; no column stands out.",
        REMEDY,
    )


def check_finite(losses: Mapping[str, float], epoch: int) -> None:
    """Check that the losses of an epoch are numbers.

    Args:
        losses: By name.
        epoch: Which epoch has ended, from 0.

    Raises:
        UserError: One is not, though every step's was: as where validation has what training lacks.
    """
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise UserError(
                f"trainer: in epoch {epoch + 1} the {name} is {loss}: the training diverges, or "
                "the validation rows hold values far from all training rows.",
                REMEDY,
            )


def _farthest(batch: Batch, names: tuple[str, ...]) -> tuple[float, str]:
    """Return the largest number of a batch in deviations, and whose it is."""
    found = [(0.0, "")]
    if batch.inputs.numbers.numel():
        largest = batch.inputs.numbers.abs().amax(dim=0)
        place = int(largest.argmax())
        name = f"the column '{names[place]}'" if place < len(names) else f"input number {place}"
        found.append((float(largest[place]), name))
    for index, target in enumerate(batch.targets):
        if target.is_floating_point() and target.dim() == 1 and target.numel():
            found.append((float(target.abs().max()), f"the target number {index + 1}"))
    return max(found)
