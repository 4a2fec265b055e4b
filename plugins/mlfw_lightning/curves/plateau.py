"""What happens after an epoch when training is stuck: say so, lower the rate, or stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlfw_lightning.curves.curve import SHORTEST, Curve
from mlfw_lightning.curves.diagnose import diagnose
from mlfw_lightning.curves.diagnosis import Diagnosis, Kind
from mlfw_lightning.trainer import OnPlateau

# Lowered as by Zagoruyko and Komodakis (Wide Residual Networks, 2016): by 0.2, three times.
FACTOR, TIMES = 0.2, 3
# For how many epochs in a row a curve must show the same, so that noise does not decide.
LASTING = 3
STUCK = frozenset({Kind.plateau, Kind.rate_too_high, Kind.diverging})
BY_HEART = frozenset({Kind.overfitting, Kind.noisy_labels})
HOPELESS = STUCK | BY_HEART | {Kind.too_small}


@dataclass(frozen=True)
class Decision:
    """What to do after an epoch.

    Attributes:
        note: What the user should read; empty for nothing.
        factor: What to multiply the learning rate by, from now on.
        stop: Whether to stop.
    """

    note: str = ""
    factor: float = 1.0
    stop: bool = False

    @property
    def lowers(self) -> bool:
        """Whether the learning rate is lowered; patience is then counted anew."""
        return self.factor < 1


class Plateau:
    """Follows the curve of one training and decides as `trainer.on_plateau` says.

    Decisions follow from the values alone: processes that are told the same decide alike, and a
    training that continues with the state of `state_dict` decides as if it had not been stopped.

    Attributes:
        diagnosis: What the curve has shown for some epochs; None before that. When training has
            ended, what the whole curve shows.
        lowered: How many times the learning rate has been lowered.
    """

    def __init__(
        self,
        on_plateau: OnPlateau,
        *,
        settings: Mapping[str, Any],
        baseline: float | None = None,
        names: tuple[str, str] = ("training loss", "validation loss"),
        higher_is_better: bool = False,
    ) -> None:
        """Begin to follow.

        Args:
            on_plateau: What to do.
            settings: The values of the configuration's keys; see `advice.settings_of`.
            baseline: The loss of a constant prediction; see `baseline.constant_loss`.
            names: See `Curve`.
            higher_is_better: See `Curve`.
        """
        self.on_plateau = OnPlateau(on_plateau)
        self.settings = settings
        self.baseline = baseline
        self.names = names
        self.higher_is_better = higher_is_better
        self.values: dict[str, list[float]] = {"train": [], "validation": []}
        self.values |= {"correct": [], "rates": []}
        self.told: list[str] = []
        self.latest: Kind | None = None
        self.lasted = 0
        self.lowered = 0
        self.since_lowered = 0
        self.diagnosis: Diagnosis | None = None

    def epoch_ended(
        self,
        epoch: int,
        train_loss: float | None,
        validation_loss: float,
        learning_rate: float | None,
        *,
        correct: float | None = None,
        out_of_patience: bool = False,
    ) -> Decision:
        """Take an epoch's values and decide.

        Args:
            epoch: Its number, from 1; values of it and later ones are forgotten.
            train_loss: The mean over its training rows; None where it is not known.
            validation_loss: The loss, or what else decides which epoch is best.
            learning_rate: At its end; None where it is not known.
            correct: The share of training rows predicted right, 0 to 1.
            out_of_patience: Whether `trainer.patience` stops the training now, unless the
                learning rate is lowered.
        """
        new = (train_loss, validation_loss, correct, learning_rate)
        for values, value in zip(self.values.values(), new, strict=True):
            del values[epoch - 1 :]
            values.extend([] if value is None else [float(value)])
        self.since_lowered += 1
        told = diagnose(self._curve(), self.settings)
        kind = told.kind if told else None
        self.lasted = self.lasted + 1 if kind is self.latest else 1
        self.latest = kind
        if told is not None and self._settled(told):
            self.diagnosis = told
            return self._decide(told, learning_rate, out_of_patience)
        return self._decide(None, learning_rate, out_of_patience)

    def ended(self) -> str:
        """Return the final diagnosis in words; empty if it has been said before, or there is none.

        It is what the curve shows at its end, and has shown for some epochs; a short curve is
        judged as it is.
        """
        told = diagnose(self._curve(), self.settings)
        passing = self.diagnosis is None or self.diagnosis.kind is Kind.improving
        if not passing and (told is None or not self._settled(told)):
            return ""
        self.diagnosis = told
        return self._said(told) if told else ""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: numbers, texts, lists and dictionaries."""
        return {
            "values": {name: list(values) for name, values in self.values.items()},
            "told": list(self.told),
            "latest": self.latest.value if self.latest else None,
            "lasted": self.lasted,
            "lowered": self.lowered,
            "since_lowered": self.since_lowered,
            "diagnosis": self.diagnosis.to_json() if self.diagnosis else None,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what a checkpoint has kept."""
        self.values = {name: list(values) for name, values in state["values"].items()}
        self.told = list(state["told"])
        self.latest = Kind(state["latest"]) if state["latest"] else None
        self.lasted, self.lowered = state["lasted"], state["lowered"]
        self.since_lowered = state["since_lowered"]
        kept = state["diagnosis"]
        self.diagnosis = Diagnosis.from_json(kept) if kept else None

    def _curve(self) -> Curve:
        epochs = len(self.values["validation"])
        train, _, correct, rates = (
            tuple(values) if len(values) == epochs else () for values in self.values.values()
        )
        return Curve(
            tuple(self.values["validation"]),
            train,
            self.baseline,
            correct,
            rates,
            self.names,
            higher_is_better=self.higher_is_better,
        )

    def _settled(self, told: Diagnosis) -> bool:
        return self.lasted >= LASTING or told.broken

    def _decide(
        self, told: Diagnosis | None, learning_rate: float | None, out_of_patience: bool
    ) -> Decision:
        if self.on_plateau is OnPlateau.lower_lr and self._may_lower(told, out_of_patience):
            self.lowered += 1
            self.since_lowered = self.lasted = 0
            return Decision(self._lowering(told, learning_rate), FACTOR)
        note = self._said(told) if told and told.kind is not Kind.improving else ""
        if self.on_plateau is OnPlateau.stop and told and told.kind in HOPELESS:
            return Decision(f"{note} Training stops (trainer.on_plateau=stop).".strip(), stop=True)
        return Decision(note)

    def _may_lower(self, told: Diagnosis | None, out_of_patience: bool) -> bool:
        if self.lowered >= TIMES or (told and told.broken):
            return False
        stuck = told is not None and told.kind in STUCK and self.since_lowered >= SHORTEST
        by_heart = told is not None and told.kind in BY_HEART
        return stuck or (out_of_patience and not by_heart)

    def _lowering(self, told: Diagnosis | None, learning_rate: float | None) -> str:
        stuck = told is not None and told.kind is not Kind.improving
        why = told.sentence if told and stuck else "No epoch was better within trainer.patience."
        rate = f"The learning rate{f' ({learning_rate:.3g})' if learning_rate else ''}"
        return f"{why} {rate} is multiplied by {FACTOR} ({self.lowered} of at most {TIMES} times)."

    def _said(self, told: Diagnosis) -> str:
        """Return a diagnosis in words, once."""
        if told.kind.value in self.told:
            return ""
        self.told.append(told.kind.value)
        return told.told()
