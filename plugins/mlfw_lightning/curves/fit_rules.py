"""Rules that read from a curve how well a network fits, and whether that still improves."""

from __future__ import annotations

from mlfw_lightning.curves.diagnosis import Finding, Kind
from mlfw_lightning.curves.readings import FEWEST, LEAST_OF_LOSS, Reading, title

# From which share of the loss of a constant prediction on a network has hardly learnt.
UNDERFITTED = 0.7
# Within which last part of the window the best epoch must be for an improvement to go on.
RECENT = 4


def improving(reading: Reading) -> Finding | None:
    """Report a validation value that improves by more than chance, up to the end."""
    window, last = reading.window, reading.curve.epochs
    if not reading.falls or window < FEWEST or reading.since > window // RECENT:
        return None
    first = last - window + 1
    if reading.last >= reading.validation[first - 1]:
        return None
    name = title(reading.curve.names[1])
    if not reading.since:
        before, best = reading.validation_at(first, last)
        return Kind.improving, (
            f"{name} still improves ({before} at epoch {first}, {best} at epoch {last})."
        )
    before, best, now = reading.validation_at(first, reading.best_epoch, last)
    return Kind.improving, (
        f"{name} has improved ({before} at epoch {first}, {best} at epoch {reading.best_epoch}, "
        f"{now} at epoch {last}) and may improve further."
    )


def overfitting(reading: Reading) -> Finding | None:
    """Report a network that memorises its training rows, and why it may do so.

    Where labels are wrong, what rows have in common is learnt first, for training and validation
    alike, and only then the wrong labels (Zhang et al. 2017; Arpit et al. 2017; Liu et al. 2020):
    the losses are still near each other, well above 0, when validation is best. With clean labels
    and too few rows they part before.
    """
    if reading.curve.epochs < FEWEST:
        return None
    least = max(0.03 * abs(reading.lowest), 5e-3 * reading.scale, 2.5 * reading.noise)
    worse = (
        reading.since >= 3
        and reading.now - reading.lowest > least
        and reading.last - reading.best > LEAST_OF_LOSS * abs(reading.best)
    )
    if not reading.knows_train:
        rises = worse and reading.since >= FEWEST
        return (Kind.overfitting, _worse_alone(reading)) if rises else None
    train_at_best = float(reading.train[reading.best_epoch - 1])
    falls = (
        reading.train_now < reading.train_at_best - 0.05 * abs(reading.train_at_best)
        and reading.train[-1] < train_at_best
    )
    lasting = not reading.falls or reading.since > reading.window
    if worse and falls and lasting and reading.gap > 0.03:
        if _learns_noise(reading):
            return Kind.noisy_labels, _noisy(reading)
        return Kind.overfitting, _parting(reading)
    apart = (
        reading.gap > 0.1
        and reading.train_now < reading.now - 0.3 * abs(reading.now)
        and reading.train[-1] < reading.last
    )
    return (Kind.overfitting, _apart(reading)) if apart and reading.stalled else None


def _learns_noise(reading: Reading) -> bool:
    base, best, train = reading.baseline, reading.lowest, reading.train_at_best
    if base is None or not 0.4 * base < best < base or train < 0.8 * best:
        return False
    correct = reading.curve.correct
    return not correct or correct[reading.best_epoch - 1] < 0.95


def _noisy(reading: Reading) -> str:
    best, last = reading.best_epoch, reading.curve.epochs
    train_before, train_after = reading.train_at(best, last)
    before, after = reading.validation_at(best, last)
    return (
        f"Validation loss was best ({before} at epoch {best}) and has been worse since ({after} at "
        f"epoch {last}), while training loss fell from a similar value ({train_before} at epoch "
        f"{best}, {train_after} at epoch {last}; a constant prediction has "
        f"{reading.baseline:.4g}): the network memorises its training rows. Labels may be noisy, "
        "or the inputs may say too little about the target."
    )


def _parting(reading: Reading) -> str:
    best, last = reading.best_epoch, reading.curve.epochs
    before, after = reading.train_at(best, last)
    return (
        f"{_worse_since(reading)}, while {reading.curve.names[0]} went on improving ({before} at "
        f"epoch {best}, {after} at epoch {last}): the network overfits."
    )


def _worse_alone(reading: Reading) -> str:
    return (
        f"{_worse_since(reading)}: the network may overfit; log {reading.curve.names[0]} to find "
        "out."
    )


def _worse_since(reading: Reading) -> str:
    best, last = reading.best_epoch, reading.curve.epochs
    before, after = reading.validation_at(best, last)
    return (
        f"{title(reading.curve.names[1])} was best ({before} at epoch {best}) and has been worse "
        f"since ({after} at epoch {last})"
    )


def _apart(reading: Reading) -> str:
    last = reading.curve.epochs
    return (
        f"{_stands_still(reading)}, while {reading.curve.names[0]} is {reading.train_at(last)[0]} "
        f"at epoch {last}: the network overfits."
    )


def under_fitting(reading: Reading) -> Finding | None:
    """Report losses that stay near each other and near that of a constant prediction."""
    base, last = reading.baseline, reading.curve.epochs
    if base is None or not reading.stalled or min(reading.now, reading.best) < UNDERFITTED * base:
        return None
    apart = abs(reading.now - reading.train_now) if reading.knows_train else 0.0
    if apart > 0.15 * reading.now:
        return None
    train = ""
    if reading.knows_train:
        train = f"training loss is {reading.train_at(last)[0]} at epoch {last}, and "
    return Kind.too_small, (
        f"{_stands_still(reading)}; {train}a constant prediction has {base:.4g}: the network "
        "underfits. It may be too small, or the inputs may say too little about the target."
    )


def plateau(reading: Reading) -> Finding | None:
    """Report a validation value that has stopped improving for none of the other reasons."""
    if not reading.stalled:
        return None
    return Kind.plateau, f"{_stands_still(reading)}: training has reached a plateau."


def _stands_still(reading: Reading) -> str:
    first, best, last = reading.stands_since, reading.best_epoch, reading.curve.epochs
    how = "not improved" if first == best else "hardly improved"
    epochs = sorted({first, best, last})
    values = zip(reading.validation_at(*epochs), epochs, strict=True)
    shown = ", ".join(f"{value} at epoch {epoch}" for value, epoch in values)
    return f"{title(reading.curve.names[1])} has {how} since epoch {first} ({shown})"
