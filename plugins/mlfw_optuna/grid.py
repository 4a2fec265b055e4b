"""Trying every combination."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import SearchRange, UserError
from mlfw_optuna.options import distinct
from mlfw_optuna.study import derived_seed, new_study, quiet

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


@dataclass(kw_only=True)
class Grid(mlfw.Tuner):
    """Every combination of values, once each, in an order that follows from the seed.

    Attributes:
        points: How many values an interval is cut into, its ends included.
        trials: How many combinations to try; all of them where left out.
        most: The largest grid to accept.
    """

    packages: ClassVar[tuple[str, ...]] = ("optuna",)
    extra: ClassVar[str] = "optuna"

    points: int = field(default=3, metadata=mlfw.limits(minimum=2))
    trials: int | None = field(default=None, metadata=mlfw.limits(minimum=1))
    most: int = field(default=10_000, metadata=mlfw.limits(minimum=1))

    def search(
        self,
        space: Mapping[str, SearchRange],
        seed: int,
        *,
        maximize: bool,  # noqa: ARG002 - every point is tried, whatever the others were worth
    ) -> GridSearch:
        """Lay out the grid.

        Raises:
            UserError: It has more than `most` points.
        """
        values = {name: distinct(given.grid(self.points)) for name, given in space.items()}
        size = math.prod(len(found) for found in values.values())
        if size > self.most:
            counts = " x ".join(f"{name} {len(found)}" for name, found in values.items())
            raise UserError(
                f"tuner=grid: {size:,} points ({counts}), expected at most {self.most:,}.",
                "Search fewer fields or values with tuner.space, lower tuner.points, or set "
                "tuner=random; a larger tuner.most lets the grid pass.",
            )
        return GridSearch(values, min(size, self.trials or size), seed)


class GridSearch(mlfw.Search):
    """A walk over a grid."""

    def __init__(self, values: Mapping[str, list[Any]], total: int, seed: int) -> None:
        from optuna.distributions import CategoricalDistribution
        from optuna.samplers import GridSampler

        indices = {name: range(len(found)) for name, found in values.items()}
        self.total = total
        self._values = values
        self._choices: dict[str, BaseDistribution] = {
            name: CategoricalDistribution(given) for name, given in indices.items()
        }
        self._points: list[dict[str, Any]] = []
        with quiet():
            sampler = GridSampler(indices, seed=derived_seed(seed))
            self._study = new_study(sampler, maximize=True)

    def ask(self, number: int) -> dict[str, Any] | None:
        """Return the point of that number, or None behind the last one."""
        assert self.total is not None
        if number >= self.total:
            return None
        with quiet():
            while len(self._points) <= number:
                self._points.append(self._study.ask(self._choices).params)
        return {name: self._values[name][at] for name, at in self._points[number].items()}

    def tell(self, number: int, params: Mapping[str, Any], value: float | None) -> None:
        """Do nothing: where the walk goes does not depend on what was found."""
