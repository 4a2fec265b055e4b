"""Rules that tell a learning rate that is too high or too low from a curve."""

from __future__ import annotations

import math

import numpy as np

from mlfw_lightning.curves.curve import SHORTEST, Curve, is_falling, is_steady, noise, smoothed
from mlfw_lightning.curves.diagnosis import Finding, Kind
from mlfw_lightning.curves.readings import FEWEST, NEAR_BASELINE, Reading, title

# The share of its level by which training loss jumps an epoch where steps are too long; near the
# loss of a constant prediction networks are so sure of nothing that hardly anything jumps.
JUMPS, JUMPS_AT_BASELINE = 0.1, 0.005
ENDING = "the learning rate may be too high."


def not_finite(curve: Curve) -> Finding | None:
    """Tell a value that is no number any more."""
    for name, values in zip(curve.names, (curve.train, curve.validation), strict=True):
        for epoch, value in enumerate(values, start=1):
            if not math.isfinite(value):
                return Kind.diverging, f"{title(name)} is {value} in epoch {epoch}: it diverges."
    return None


def exploded(reading: Reading) -> Finding | None:
    """Tell a loss that has grown by more than itself and than what a constant prediction loses."""
    values = reading.fitted()
    if reading.curve.higher_is_better or len(values) < 4:
        return None
    low = int(smoothed(values).argmin())
    lowest, last = float(smoothed(values)[low]), float(np.median(values[-3:]))
    factor = 1 if reading.knows_train else 3
    if last - lowest <= factor * max(reading.scale, abs(lowest)):
        return None
    name = reading.curve.names[0 if reading.knows_train else 1]
    return Kind.diverging, (
        f"{title(name)} has grown from {lowest:.3g} in epoch {low + 1} to {last:.3g}: the "
        "training diverges."
    )


def begun_too_high(reading: Reading) -> Finding | None:
    """Tell first steps that were so long that the network has not come back from where they led."""
    base = reading.baseline
    if not base or not reading.knows_train or reading.curve.epochs < FEWEST:
        return None
    first = float(reading.train[:3].max())
    if first <= 3 * base or reading.now <= 0.95 * base:
        return None
    return Kind.rate_too_high, (
        f"Training loss was {first:.3g} in the first epochs, and validation loss is "
        f"{reading.now:.3g} now, no better than the {base:.3g} of a constant prediction: {ENDING}"
    )


def rising(reading: Reading) -> Finding | None:
    """Tell steps that undo what had been learnt."""
    if not _tells_of_steps(reading):
        return None
    train = reading.train
    calm = smoothed(train)
    low = int(calm.argmin())
    lowest = float(calm[low])
    least = max(0.2 * abs(lowest), 0.1 * reading.scale, 3 * noise(train))
    lately = len(train) - low <= FEWEST
    if lately or reading.train_now - lowest <= least or is_falling(train[low:], least):
        return None
    return Kind.rate_too_high, (
        f"Training loss has risen from {lowest:.3g} in epoch {low + 1} to {reading.train_now:.3g}: "
        f"{ENDING}"
    )


def jumping(reading: Reading) -> Finding | None:
    """Tell a training loss that jumps and has not fallen, or has settled above the baseline."""
    if not _tells_of_steps(reading) or reading.falls or not reading.train_now:
        return None
    base, train, level = reading.baseline, reading.train, abs(reading.train_now)
    jumps = noise(train)
    no_better = base is not None and min(reading.now, reading.train_now) > NEAR_BASELINE * base
    above = base is not None and min(reading.now, reading.train_now) > 1.01 * base
    moved = reading.train_now <= 0.8 * train[0] and not above
    if moved or not (above or jumps > (JUMPS_AT_BASELINE if no_better else JUMPS) * level):
        return None
    against = f"; a constant prediction has {base:.3g}" if no_better else ""
    return Kind.rate_too_high, (
        f"Training loss jumps by {jumps / level:.1%} an epoch and does not fall ({train[0]:.3g} in "
        f"epoch 1, {reading.train_now:.3g} now{against}): {ENDING}"
    )


def _tells_of_steps(reading: Reading) -> bool:
    return (
        reading.knows_train
        and not reading.curve.higher_is_better
        and reading.curve.epochs >= SHORTEST
    )


def too_low(reading: Reading) -> Finding | None:
    """Tell a validation loss that creeps away from where it began; it has no noise of dropout."""
    base, values = reading.baseline, reading.validation
    if base is None or reading.curve.epochs < SHORTEST or reading.curve.warms_up():
        return None
    start, now = float(values[0]), reading.now
    if now < NEAR_BASELINE * base or start - now > 0.2 * start:
        return None
    if not _unmoved(reading) and not (is_steady(values) and now < start):
        return None
    return Kind.rate_too_low, (
        f"{title(reading.curve.names[1])} has moved by {abs(start - now) / start:.2%} in "
        f"{reading.curve.epochs} epochs ({start:.4g} to {now:.4g}; a constant prediction has "
        f"{base:.4g}), without jumps and without slowing down: the network under-fits; the "
        "learning rate may be too low."
    )


def _unmoved(reading: Reading) -> bool:
    """Return whether neither loss has left where it began, not even in the first epoch."""
    values, train = reading.validation, reading.train
    if np.ptp(values) > 5e-3 * values[0] or reading.noise > 1e-3 * values[0]:
        return False
    return not reading.knows_train or abs(reading.train_now - train[0]) < 0.02 * train[0]
