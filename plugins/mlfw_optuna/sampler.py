"""Searches in which an Optuna sampler chooses each trial."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import SearchRange
from mlfw_optuna.encoding import Encoding
from mlfw_optuna.grid import GridSearch
from mlfw_optuna.options import every, size
from mlfw_optuna.study import derived_seed, new_study, quiet

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

# How often the sampler may draw what was tried before, and how often chance is asked then.
DRAWS = 10
RANDOM_DRAWS = 20


@dataclass(kw_only=True)
class SamplerTuner(mlfw.Tuner):
    """A search in which an Optuna sampler chooses each trial.

    A space that has no more points than there are trials is walked from end to end instead.

    To bring another sampler, subclass this and build it.

    Attributes:
        trials: How many trials to run.
    """

    packages: ClassVar[tuple[str, ...]] = ("optuna",)
    extra: ClassVar[str] = "optuna"

    trials: int = field(default=30, metadata=mlfw.limits(minimum=1))

    @abstractmethod
    def sampler(self, seed: int) -> BaseSampler:
        """Return a fresh sampler.

        One is built for every draw, so that a draw follows from its seed and from the finished
        trials alone; what a sampler keeps in itself is lost.

        Args:
            seed: From 0 to 2**32 - 1.
        """

    def search(self, space: Mapping[str, SearchRange], seed: int, *, maximize: bool) -> mlfw.Search:
        """Begin a search; see `mlfw.Tuner.search`."""
        points = math.prod(size(given) for given in space.values())
        if points <= self.trials:
            values = {name: every(given) for name, given in space.items()}
            return GridSearch(values, int(points), seed)
        return SamplerSearch(self, space, seed, maximize=maximize)


class SamplerSearch(mlfw.Search):
    """A search under way."""

    def __init__(
        self, tuner: SamplerTuner, space: Mapping[str, SearchRange], seed: int, *, maximize: bool
    ) -> None:
        self._tuner = tuner
        self._seed = seed
        self._encoding = Encoding(space)
        self._tried: list[dict[str, Any]] = []
        self._asked: dict[int, dict[str, Any]] = {}
        self.total = tuner.trials
        with quiet():
            self._study = new_study(tuner.sampler(0), maximize=maximize)

    def ask(self, number: int) -> dict[str, Any] | None:
        """Return the parameters of trial `number`, as a rule ones that were not tried yet."""
        if number >= self._tuner.trials:
            return None
        self._asked.pop(number, None)
        taken = [*self._tried, *self._asked.values()]
        with quiet():
            params = self._draw(number, 0)
            for attempt in range(1, DRAWS + RANDOM_DRAWS):
                if params not in taken:
                    break
                params = self._draw(number, attempt)
        self._asked[number] = params
        return self._encoding.decode(params)

    def tell(
        self,
        number: int,
        params: Mapping[str, Any],
        value: float | None,
    ) -> None:
        """Take note of a finished trial; one without a finite value counts as failed."""
        from optuna.trial import TrialState, create_trial

        encoded = self._encoding.encode(params)
        good = value is not None and math.isfinite(value)
        trial = create_trial(
            state=TrialState.COMPLETE if good else TrialState.FAIL,
            value=value if good else None,
            params=encoded,
            distributions=self._encoding.distributions,
        )
        self._tried.append(encoded)
        self._asked.pop(number, None)
        with quiet():
            self._study.add_trial(trial)

    def _draw(self, number: int, attempt: int) -> dict[str, Any]:
        """Let a fresh sampler draw, leaving the study as it was for all that counts."""
        from optuna.samplers import RandomSampler
        from optuna.trial import TrialState

        seed = derived_seed(self._seed, number, attempt)
        chosen = self._tuner.sampler(seed) if attempt < DRAWS else RandomSampler(seed=seed)
        self._study.sampler = chosen
        trial = self._study.ask(self._encoding.distributions)
        # The core tells of a trial by its parameters, so the draw itself is closed at once.
        self._study.tell(trial, state=TrialState.FAIL)
        return trial.params
