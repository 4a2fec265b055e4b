"""Rules that read from a curve that the learning rate is too high or too low."""

from __future__ import annotations

import math

import numpy as np

from mlfw_lightning.curves.curve import SHORTEST, Curve, is_falling, is_steady, noise, smoothed
from mlfw_lightning.curves.diagnosis import Finding, Kind
from mlfw_lightning.curves.readings import FEWEST, NEAR_BASELINE, Reading, quoted, title

# The share of its level by which training loss jumps an epoch where steps are too long; near the
# loss of a constant prediction networks are so unsure that hardly anything jumps.
JUMPS, JUMPS_AT_BASELINE = 0.1, 0.005
ENDING = "the learning rate may be too high."


def not_finite(curve: Curve) -> Finding | None:
    """Report a value that is no finite number."""
    for name, values in zip(curve.names, (curve.train, curve.validation), strict=True):
        for epoch, value in enumerate(values, start=1):
            if not math.isfinite(value):
                return Kind.diverging, f"{title(name)} is {value} at epoch {epoch}: it diverges."
    return None


def exploded(reading: Reading) -> Finding | None:
    """Report a loss that has grown by more than itself and than the loss of a constant."""
    values, last = reading.fitted(), reading.curve.epochs
    if reading.curve.higher_is_better or len(values) < 4:
        return None
    calm = smoothed(values)
    factor = 1 if reading.knows_train else 3
    low = int(values.argmin())
    grown = min(float(np.median(values[-3:])) - float(calm.min()), float(values[-1] - values[low]))
    if grown <= factor * max(reading.scale, abs(float(calm.min()))):
        return None
    name = reading.curve.names[0 if reading.knows_train else 1]
    lowest, now = quoted(values, (low + 1, last))
    return Kind.diverging, (
        f"{title(name)} has grown from {lowest} at epoch {low + 1} to {now} at epoch {last}: "
        "training diverges."
    )


def begun_too_high(reading: Reading) -> Finding | None:
    """Report first steps so long that the network has not recovered from them."""
    base, last = reading.baseline, reading.curve.epochs
    if not base or not reading.knows_train or last < FEWEST:
        return None
    high = int(reading.train[:3].argmax())
    near = 0.95 * base
    if reading.train[high] <= 3 * base or min(reading.now, reading.last) <= near:
        return None
    better = "no better" if reading.last >= base else "hardly better"
    return Kind.rate_too_high, (
        f"Training loss was {reading.train_at(high + 1)[0]} at epoch {high + 1}, and validation "
        f"loss is {reading.validation_at(last)[0]} at epoch {last}, {better} than the {base:.4g} "
        f"of a constant prediction: {ENDING}"
    )


def rising(reading: Reading) -> Finding | None:
    """Report steps that undo what had been learnt."""
    if not _shows_steps(reading):
        return None
    train, last = reading.train, reading.curve.epochs
    calm = smoothed(train)
    low = int(calm.argmin())
    lowest = float(calm[low])
    least = max(0.2 * abs(lowest), 0.1 * reading.scale, 3 * noise(train))
    lately = len(train) - low <= FEWEST
    if lately or reading.train_now - lowest <= least or is_falling(train[low:], least):
        return None
    if train[-1] - train.min() <= least:
        return None
    best = int(train.argmin()) + 1
    before, after = reading.train_at(best, last)
    return Kind.rate_too_high, (
        f"Training loss has risen from {before} at epoch {best} to {after} at epoch {last}: "
        f"{ENDING}"
    )


def jumping(reading: Reading) -> Finding | None:
    """Report a training loss that jumps and has not fallen, or stays above the baseline."""
    if not _shows_steps(reading) or reading.falls or not reading.train_now:
        return None
    base, train, level = reading.baseline, reading.train, abs(reading.train_now)
    jumps = noise(train)
    reached = min(reading.now, reading.train_now)
    if base is not None and min(reached, reading.last, train[-1]) > 1.01 * base:
        return Kind.rate_too_high, _above(reading)
    near = base is not None and reached > NEAR_BASELINE * base
    least = (JUMPS_AT_BASELINE if near else JUMPS) * level
    if reading.train_now <= 0.8 * train[0] or jumps <= least:
        return None
    return _jump(reading)


def _above(reading: Reading) -> str:
    last = reading.curve.epochs
    return (
        f"Training loss is {reading.train_at(last)[0]} at epoch {last} and validation loss "
        f"{reading.validation_at(last)[0]} at epoch {last}, worse than the {reading.baseline:.4g} "
        f"of a constant prediction: {ENDING}"
    )


def _jump(reading: Reading) -> Finding | None:
    """Report the largest rise of training loss within an epoch of the window."""
    rises = np.diff(reading.train[-reading.window :])
    if not len(rises) or rises.max() <= 0:
        return None
    last = reading.curve.epochs
    at = last - len(rises) + int(rises.argmax())
    before, after, now = reading.train_at(at, at + 1, last)
    end = "" if at + 1 == last else f", and is {now} at epoch {last}"
    return Kind.rate_too_high, (
        f"Training loss jumps, such as from {before} at epoch {at} to {after} at epoch {at + 1}"
        f"{end}: {ENDING}"
    )


def _shows_steps(reading: Reading) -> bool:
    return (
        reading.knows_train
        and not reading.curve.higher_is_better
        and reading.curve.epochs >= SHORTEST
    )


def too_low(reading: Reading) -> Finding | None:
    """Report a validation loss that creeps away from its start; it has no noise of dropout."""
    base, values, last = reading.baseline, reading.validation, reading.curve.epochs
    if base is None or last < SHORTEST or reading.curve.warms_up():
        return None
    start, now = float(values[0]), reading.now
    if min(now, reading.best) < NEAR_BASELINE * base or start - reading.best > 0.2 * start:
        return None
    if not _unmoved(reading) and not (is_steady(values) and max(now, reading.last) < start):
        return None
    first, latest = reading.validation_at(1, last)
    return Kind.rate_too_low, (
        f"{title(reading.curve.names[1])} has moved little ({first} at epoch 1, {latest} at epoch "
        f"{last}; a constant prediction has {base:.4g}): the network underfits; the learning rate "
        "may be too low."
    )


def _unmoved(reading: Reading) -> bool:
    """Return whether neither loss has left where it began, not even in the first epoch."""
    values, train = reading.validation, reading.train
    if np.ptp(values) > 5e-3 * values[0] or reading.noise > 1e-3 * values[0]:
        return False
    return not reading.knows_train or abs(reading.train_now - train[0]) < 0.02 * train[0]
