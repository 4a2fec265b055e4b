"""What to try after a diagnosis: exact keys and values, from those that are set now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from mlfw import Component
from mlfw.hints import override

RATES = ("learning_rate", "lr")
WIDTHS = ("width", "hidden", "hidden_size", "hidden_dim")
OPTIONS = "options"


def settings_of(*components: Component) -> dict[str, Any]:
    """Return the values that components are configured with, by key: `model.width`.

    The options of code that was there before are among them: `model.options.lr`.
    """
    settings: dict[str, Any] = {}
    for component in components:
        for one in fields(component):
            value = getattr(component, one.name)
            if one.name == OPTIONS and isinstance(value, Mapping):
                settings |= {f"{component.kind}.{OPTIONS}.{k}": v for k, v in value.items()}
            else:
                settings[f"{component.kind}.{one.name}"] = value
    return settings


def advice(kind: str, settings: Mapping[str, Any], epochs: int) -> tuple[str, ...]:
    """Return what to try, the most promising first.

    Args:
        kind: A value of `mlfw_lightning.curves.diagnosis.Kind`.
        settings: The values of the configuration's keys.
        epochs: How many epochs training has run.
    """
    # Plain texts, as checkpoints keep them.
    return tuple(str(one) for one in ADVISERS[kind](_Now(settings, epochs)) if one)


class _Now:
    """The current settings: finds keys by the last part of their names and proposes values."""

    def __init__(self, settings: Mapping[str, Any], epochs: int) -> None:
        self.settings = settings
        self.epochs = epochs

    def change(
        self, names: tuple[str, ...], change: Callable[[float], float], words: str = ""
    ) -> str:
        """Return the key of one of these names with a changed number, or words without a key."""
        for key, value in self.settings.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and key.rsplit(".", 1)[-1] in names and change(value) != value:
                return override(key, _rounded(change(value), whole=isinstance(value, int)))
        return words

    def choose(self, key: str, now: Any, value: float | str) -> str:
        """Return a key with a value if it is set to something else that it may leave."""
        settable = key in self.settings and self.settings[key] == now
        return override(key, value) if settable else ""

    def rate_times(self, factor: float) -> str:
        """Return the learning rate times a factor."""
        words = f"a {'lower' if factor < 1 else 'higher'} learning rate"
        return self.change(RATES, lambda rate: rate * factor, words)

    def larger(self) -> str:
        """Return twice the width."""
        return self.change(WIDTHS, lambda width: 2 * width, "a larger network")

    def smaller(self) -> str:
        """Return half the width."""
        return self.change(WIDTHS, lambda width: max(width // 2, 1), "a smaller network")

    def dropout(self) -> str:
        """Return more dropout."""
        return self.change(
            ("dropout",), lambda share: min(max(0.3, share + 0.2), 0.6), "more dropout"
        )

    def decay(self) -> str:
        """Return more weight decay."""
        return self.change(
            ("weight_decay",),
            lambda decay: max(decay, min(5 * decay or 0.01, 0.5)),
            "more weight decay",
        )


def _improving(now: _Now) -> list[str]:
    if now.epochs >= now.settings.get("trainer.epochs", 0):
        return [override("trainer.epochs", 2 * now.epochs)]
    longer = "a longer trainer.max_time" if now.settings.get("trainer.max_time") else ""
    return [now.change(("patience",), lambda epochs: 2 * epochs), longer]


def _overfitting(now: _Now) -> list[str]:
    return [now.dropout(), now.decay(), now.smaller(), "more rows"]


def _too_small(now: _Now) -> list[str]:
    deeper = now.change(("depth",), lambda depth: depth + 1)
    return [now.larger(), deeper, now.rate_times(3), "inputs that say more about the target"]


def _too_low(now: _Now) -> list[str]:
    return [now.rate_times(10)]


def _too_high(now: _Now) -> list[str]:
    clip = now.choose("trainer.gradient_clip", None, 1)
    return [now.rate_times(0.1), clip, now.choose("model.warmup", None, 0.1)]


def _plateau(now: _Now) -> list[str]:
    lower = now.choose("trainer.on_plateau", "advise", "lower_lr") or now.rate_times(0.2)
    return [lower, now.choose("model.schedule", "constant", "cosine"), now.larger()]


def _noisy(now: _Now) -> list[str]:
    smoothing = now.choose("model.label_smoothing", 0.0, 0.1)
    look = "checking the labels of the rows that it gets wrong"
    return [look, smoothing, now.decay(), now.dropout(), now.smaller()]


def _rounded(value: float, *, whole: bool) -> float:
    """Return a number as short as one would type it; an integer stays one."""
    return round(value) if whole and value == round(value) else float(f"{value:.3g}")


ADVISERS: dict[str, Callable[[_Now], list[str]]] = {
    "improving": _improving,
    "overfitting": _overfitting,
    "too_small": _too_small,
    "rate_too_low": _too_low,
    "rate_too_high": _too_high,
    "plateau": _plateau,
    "diverging": _too_high,
    "noisy_labels": _noisy,
}
