"""Curves of trainings made by formula, one for each thing that is told apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlfw_lightning.curves.curve import Curve

BASELINE = float(np.log(3))
Pair = tuple[np.ndarray, np.ndarray]


def _falling(t: np.ndarray) -> Pair:
    return 0.3 + 0.7 * np.exp(-t / 25), 0.35 + 0.7 * np.exp(-t / 25)


def _over_fitting(t: np.ndarray) -> Pair:
    validation = 0.25 + 0.6 * np.exp(-t / 4) + 0.008 * np.maximum(t - 12, 0)
    return 0.9 * np.exp(-t / 6), validation


def _flat_over_fitting(t: np.ndarray) -> Pair:
    return 0.9 * np.exp(-t / 8), 0.4 + 0.6 * np.exp(-t / 2.5)


def _too_small(t: np.ndarray) -> Pair:
    return 0.92 + 0.2 * np.exp(-t / 3), 0.94 + 0.2 * np.exp(-t / 3)


def _rate_too_low(t: np.ndarray) -> Pair:
    return 1.12 - 0.0015 * t, 1.13 - 0.0015 * t


def _rate_too_high(t: np.ndarray) -> Pair:
    jumps = np.random.default_rng(5).normal(scale=0.06, size=(2, len(t)))
    return 1.15 + jumps[0], 1.16 + jumps[1]


def _exploded_at_first(t: np.ndarray) -> Pair:
    return 1.1 + 30 * np.exp(-3 * t), 1.12 + 5 * np.exp(-3 * t)


def _plateau(t: np.ndarray) -> Pair:
    return 0.28 + 0.8 * np.exp(-t / 2.5), 0.31 + 0.8 * np.exp(-t / 2.5)


def _diverging(t: np.ndarray) -> Pair:
    grown = 0.02 * np.exp(np.maximum(t - 15, 0) / 2)
    return 0.5 + 0.5 * np.exp(-t / 4) + grown, 0.5 + 0.5 * np.exp(-t / 4) + grown


def _noisy_labels(t: np.ndarray) -> Pair:
    validation = 0.75 + 0.3 * np.exp(-t / 1.5) + 0.03 * np.maximum(t - 6, 0)
    return np.maximum(0.78 + 0.3 * np.exp(-t / 1.5) - 0.012 * t, 0.01), validation


SHAPES: dict[str, tuple[str, Callable[[np.ndarray], Pair]]] = {
    "falling": ("improving", _falling),
    "over-fitting": ("overfitting", _over_fitting),
    "flat, but learning by heart": ("overfitting", _flat_over_fitting),
    "too small": ("too_small", _too_small),
    "rate too low": ("rate_too_low", _rate_too_low),
    "rate too high": ("rate_too_high", _rate_too_high),
    "exploded at first": ("rate_too_high", _exploded_at_first),
    "plateau": ("plateau", _plateau),
    "diverging": ("diverging", _diverging),
    "noisy labels": ("noisy_labels", _noisy_labels),
}


def made_curve(
    shape: str, epochs: int = 40, *, noise: float = 0.0, seed: int = 0, scale: float = 1.0
) -> Curve:
    """Return a curve of a shape.

    Args:
        shape: A key of SHAPES.
        epochs: How many.
        noise: The deviation of the noise, relative to each value.
        seed: Of the noise.
        scale: What all losses are multiplied by.
    """
    train, validation = SHAPES[shape][1](np.arange(epochs, dtype=float))
    draw = np.random.default_rng(seed)
    train = scale * train * (1 + noise * draw.normal(size=epochs))
    validation = scale * validation * (1 + noise * draw.normal(size=epochs))
    return Curve(tuple(validation.tolist()), tuple(train.tolist()), scale * BASELINE)
