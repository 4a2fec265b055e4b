"""What the curve of a training may show, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a curve may show."""

    improving = "improving"
    overfitting = "overfitting"
    too_small = "too_small"
    rate_too_low = "rate_too_low"
    rate_too_high = "rate_too_high"
    plateau = "plateau"
    diverging = "diverging"
    noisy_labels = "noisy_labels"


@dataclass(frozen=True)
class Diagnosis:
    """What a curve shows.

    Attributes:
        kind: What it is.
        sentence: The same in words; each value in it was logged at the epoch that is named.
        advice: What to try, the best first; keys with values where the settings are known.
        numbers: Numbers by name; all are finite. `best`, `last`, `train_at_best` and `train_last`
            are logged values, `baseline` is the loss of a constant prediction.
    """

    kind: Kind
    sentence: str
    advice: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def broken(self) -> bool:
        """Whether a value is no finite number any more."""
        return self.kind is Kind.diverging and "best" not in self.numbers

    def told(self) -> str:
        """Return the sentence and what to try."""
        if not self.advice:
            return self.sentence
        *others, last = self.advice
        return f"{self.sentence} Try {', '.join(others)}{' or ' if others else ''}{last}."

    def to_json(self) -> dict[str, Any]:
        """Return the diagnosis as JSON data."""
        return {
            "kind": self.kind.value,
            "sentence": self.sentence,
            "advice": list(self.advice),
            "numbers": dict(self.numbers),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Diagnosis:
        """Build a diagnosis from what `to_json` returned."""
        return cls(
            Kind(data["kind"]), data["sentence"], tuple(data["advice"]), dict(data["numbers"])
        )


Finding = tuple[Kind, str]
