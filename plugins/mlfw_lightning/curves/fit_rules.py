"""Rules that tell from a curve how far a network fits its rows, and whether that still improves."""

from __future__ import annotations

from mlfw_lightning.curves.curve import Trend
from mlfw_lightning.curves.diagnosis import Finding, Kind
from mlfw_lightning.curves.readings import FEWEST, Reading, title

# From which share of the loss of a constant prediction on a network has hardly learnt.
UNDER_FITTED = 0.7
# From which share on a change that cannot be told from noise needs a word.
NOISY = 0.05


def improving(reading: Reading) -> Finding | None:
    """Tell a validation value that still falls by more than chance."""
    if not reading.falls or reading.window < FEWEST:
        return None
    trend = Trend.of(reading.validation[-reading.window :])
    before = reading.now + trend.fall
    share = trend.fall / max(abs(before), trend.fall)
    return Kind.improving, (
        f"{title(reading.curve.names[1])} still improves, by {share:.1%} in the last "
        f"{reading.window} epochs ({reading.best_and_now()})."
    )


def overfitting(reading: Reading) -> Finding | None:
    """Tell a network that learns its training rows by heart, and why it may do so.

    Where labels are wrong, what is common to rows is learnt first and at once, for training and
    validation alike, and only then the wrong labels (Zhang et al. 2017; Arpit et al. 2017;
    Liu et al. 2020): the losses are still near each other, well above 0, when validation is best.
    With clean labels and too few rows they part before.
    """
    if reading.curve.epochs < FEWEST:
        return None
    least = max(0.03 * abs(reading.lowest), 5e-3 * reading.scale, 2.5 * reading.noise)
    worse = reading.since >= 3 and reading.now - reading.lowest > least
    if not reading.knows_train:
        rises = worse and reading.since >= FEWEST
        return (Kind.overfitting, _rises_alone(reading)) if rises else None
    falls = reading.train_now < reading.train_at_best - 0.05 * abs(reading.train_at_best)
    lasting = not reading.falls or reading.since > reading.window
    if worse and falls and lasting and reading.gap > 0.03:
        if _learns_noise(reading):
            return Kind.noisy_labels, _noisy(reading)
        return Kind.overfitting, _parting(reading)
    apart = reading.gap > 0.1 and reading.train_now < reading.now - 0.3 * abs(reading.now)
    return (Kind.overfitting, _apart(reading)) if apart and reading.stalled else None


def _learns_noise(reading: Reading) -> bool:
    base, best, train = reading.baseline, reading.lowest, reading.train_at_best
    if base is None or not 0.4 * base < best < base or train < 0.8 * best:
        return False
    correct = reading.curve.correct
    return not correct or correct[reading.best_epoch - 1] < 0.95


def _noisy(reading: Reading) -> str:
    best = float(reading.validation[reading.best_epoch - 1])
    correct = reading.curve.correct
    right = f", {correct[reading.best_epoch - 1]:.0%} of the rows right" if correct else ""
    return (
        f"By epoch {reading.best_epoch} training and validation loss had fallen together to "
        f"{reading.train_at_best:.3g} and {best:.3g} ({best / reading.scale:.0%} of a constant "
        f"prediction's{right}), and since then the one fell to {reading.train_now:.3g} while the "
        f"other rose to {reading.now:.3g}: labels may be noisy, or the inputs tell too little, and "
        "the network learns them by heart."
    )


def _parting(reading: Reading) -> str:
    sign = -1.0 if reading.curve.higher_is_better else 1.0
    train, validation = reading.curve.names
    return (
        f"{title(validation)} has become worse for {reading.since} epochs "
        f"({reading.best_and_now()}), while {train} went on from "
        f"{sign * reading.train_at_best:.3g} to {sign * reading.train_now:.3g}: the network "
        "over-fits."
    )


def _apart(reading: Reading) -> str:
    sign = -1.0 if reading.curve.higher_is_better else 1.0
    return (
        f"{_stands_still(reading)}, while {reading.curve.names[0]} is at "
        f"{sign * reading.train_now:.3g}: the network over-fits."
    )


def _rises_alone(reading: Reading) -> str:
    return (
        f"{title(reading.curve.names[1])} has become worse for {reading.since} epochs "
        f"({reading.best_and_now()}): the network may over-fit; log {reading.curve.names[0]} to "
        "tell."
    )


def under_fitting(reading: Reading) -> Finding | None:
    """Tell losses that stay near each other and near that of a constant prediction."""
    base = reading.baseline
    if base is None or not reading.stalled or reading.now < UNDER_FITTED * base:
        return None
    apart = abs(reading.now - reading.train_now) if reading.knows_train else 0.0
    if apart > 0.15 * reading.now:
        return None
    train = f"training loss {reading.train_now:.3g}, " if reading.knows_train else ""
    return Kind.too_small, (
        f"For {reading.stalled} epochs validation loss has stayed at {reading.now:.3g} ({train}"
        f"{base:.3g} for a constant prediction): the network under-fits; it may be too small, or "
        "the inputs tell too little of the target."
    )


def plateau(reading: Reading) -> Finding | None:
    """Tell a validation value that has stopped falling for none of the other reasons."""
    if not reading.stalled:
        return None
    return Kind.plateau, f"{_stands_still(reading)}: a plateau is reached."


def _stands_still(reading: Reading) -> str:
    epochs = reading.stalled
    share = reading.resolution(epochs)
    most = f"{'its noise of ' if share > NOISY else ''}{100 * share:.2g} %"
    return (
        f"{title(reading.curve.names[1])} has not improved by more than {most} for {epochs} "
        f"epochs ({reading.best_and_now()})"
    )
