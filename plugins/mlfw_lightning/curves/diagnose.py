"""What the curve of a training shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlfw_lightning.curves import fit_rules, rate_rules
from mlfw_lightning.curves.advice import advice
from mlfw_lightning.curves.curve import Curve
from mlfw_lightning.curves.diagnosis import Diagnosis, Finding
from mlfw_lightning.curves.readings import Reading

# The first rule that applies decides: the later ones assume that the earlier ones do not apply.
RULES: tuple[Callable[[Reading], Finding | None], ...] = (
    rate_rules.exploded,
    rate_rules.begun_too_high,
    rate_rules.too_low,
    fit_rules.overfitting,
    rate_rules.rising,
    rate_rules.jumping,
    fit_rules.improving,
    fit_rules.under_fitting,
    fit_rules.plateau,
)


def diagnose(curve: Curve, settings: Mapping[str, Any] | None = None) -> Diagnosis | None:
    """Return what a curve shows, or None where it is too short or shows nothing.

    Values that are not finite are reported at once, losses that explode after 3 epochs, a steady
    improvement or a clear rise after 5, everything else after 8: the epochs of the shortest window.
    A slow improvement in much noise needs up to 30 (`mlfw_lightning.curves.curve`). Underfitting
    and noisy labels are reported only where the loss of a constant prediction is known, and no
    curve can prove labels to be noisy; the sentence says so.

    Smoothed values decide; the sentence quotes logged values, each with its epoch, and they show
    what it says.

    Args:
        curve: What the training has measured.
        settings: The values of the configuration's keys, for advice; see
            `mlfw_lightning.curves.advice.settings_of`.
    """
    known = settings or {}
    broken = rate_rules.not_finite(curve)
    if broken is not None:
        return _advised(broken, curve, known)
    if curve.epochs < 3:
        return None
    reading = Reading.of(curve)
    for rule in RULES:
        found = rule(reading)
        if found is not None:
            return _advised(found, curve, known, _numbers(reading))
    return None


def _advised(
    found: Finding,
    curve: Curve,
    settings: Mapping[str, Any],
    numbers: Mapping[str, float] | None = None,
) -> Diagnosis:
    kind, sentence = found
    told = {"epochs": float(curve.epochs), **(numbers or {})}
    return Diagnosis(kind, sentence, advice(kind.value, settings, curve.epochs), told)


def _numbers(reading: Reading) -> dict[str, float]:
    logged = reading.curve.validation
    numbers = {
        "best_epoch": float(reading.best_epoch),
        "best": float(logged[reading.best_epoch - 1]),
        "last": float(logged[-1]),
        "noise": reading.noise,
        "window": float(reading.window),
    }
    if reading.knows_train:
        numbers["train_at_best"] = float(reading.curve.train[reading.best_epoch - 1])
        numbers["train_last"] = float(reading.curve.train[-1])
    if reading.curve.baseline is not None:
        numbers["baseline"] = reading.curve.baseline
    return numbers
