"""Parameters as Optuna takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlfw import Choices, Interval, SearchRange
from mlfw_optuna.options import distinct, position

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


class Encoding:
    """Turns a trial's parameters into Optuna's and back: a choice stands for its number.

    Optuna's own choices must be plain scalars; a field's may also be lists.

    Attributes:
        distributions: Optuna's distribution per field.
    """

    def __init__(self, space: Mapping[str, SearchRange]) -> None:
        self._choices = {
            name: distinct(given.values)
            for name, given in space.items()
            if isinstance(given, Choices)
        }
        self.distributions = {
            name: _interval(given) if isinstance(given, Interval) else _numbers(self._choices[name])
            for name, given in space.items()
        }

    def encode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return a trial's parameters in Optuna's form."""
        return {
            name: position(self._choices[name], value) if name in self._choices else value
            for name, value in params.items()
        }

    def decode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that Optuna's stand for."""
        return {
            name: self._choices[name][value] if name in self._choices else value
            for name, value in params.items()
        }


def _interval(given: Interval) -> BaseDistribution:
    from optuna.distributions import FloatDistribution, IntDistribution

    if given.integer:
        return IntDistribution(int(given.low), int(given.high), log=given.log)
    return FloatDistribution(given.low, given.high, log=given.log)


def _numbers(choices: list[Any]) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution

    return CategoricalDistribution(range(len(choices)))
