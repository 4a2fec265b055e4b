"""Limits on what a field may be set to, checked before anything runs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

LIMITS = "mlfw.limits"


@dataclass(frozen=True)
class Limits:
    """The values that a number (or each number of a list) may take."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def allow(self, value: float) -> bool:
        """Tell whether a number lies within the limits."""
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        words = {"minimum": "at least", "above": "above", "maximum": "at most", "below": "below"}
        parts = [
            f"{word} {limit:g}"
            for name, word in words.items()
            if (limit := getattr(self, name)) is not None
        ]
        return "a number " + " and ".join(parts)


def limits(
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> dict[str, Any]:
    """Return field metadata that bounds a number, or every number of a list.

    Example:
        `epochs: int = field(default=10, metadata=limits(minimum=1) | search(5, 50))`
    """
    return {LIMITS: Limits(minimum, maximum, above, below)}


def violations(component: Any) -> list[tuple[str, str]]:
    """Return what lies outside its limits: the field's name and the sentence about it."""
    found = []
    for field in dataclasses.fields(component):
        bound = field.metadata.get(LIMITS)
        value = getattr(component, field.name)
        values = value if isinstance(value, list) else [value]
        if bound is None:
            continue
        found += [
            (field.name, f"expected {bound}, found {item!r}")
            for item in values
            if isinstance(item, int | float) and not bound.allow(item)
        ]
    return found
