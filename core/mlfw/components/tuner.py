"""The contract of tuners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mlfw.components.component import Component
from mlfw.components.limits import limits
from mlfw.components.search import SearchRange


class Search(ABC):
    """One search under way: it is asked for parameters and told what they were worth.

    Attributes:
        total: How many trials there will be, where that is known.
    """

    total: int | None = None

    @abstractmethod
    def ask(self, number: int) -> dict[str, Any] | None:
        """Return the parameters of trial `number`, from 0, or None when the search has ended.

        The answer follows from the seed, the number, the trials told so far, and those asked for
        since, so that a search that was killed continues as if it had not been. Trials of one
        batch are asked for one after the other before any of them is told.
        """

    @abstractmethod
    def tell(self, number: int, params: Mapping[str, Any], value: float | None) -> None:
        """Take note of a finished trial; also called for the trials of a killed search.

        Args:
            number: The trial's number.
            params: What it tried.
            value: The main metric on the validation rows, or None where the trial failed.
        """


@dataclass(kw_only=True)
class Tuner(Component):
    """Chooses the hyper-parameters to try.

    Attributes:
        space: Per field of the model a list of values, or `{low:, high:, log:}`. Left empty, the
            ranges that the model's own fields declare are searched.
        batch: How many trials are chosen at a time, to run side by side, before what they were
            worth is known. What is found follows from this number, and not from how many really
            run at a time. Left out, it is how many the executor runs at a time when the search
            begins.
    """

    kind: ClassVar[str] = "tuner"

    space: dict[str, Any] = field(default_factory=dict)
    batch: int | None = field(default=None, metadata=limits(minimum=1))

    @abstractmethod
    def search(self, space: Mapping[str, SearchRange], seed: int, *, maximize: bool) -> Search:
        """Begin a search.

        Args:
            space: The values to try, per field of the model; never empty.
            seed: What all random choices follow from.
            maximize: Whether a larger value is a better one.

        Raises:
            UserError: The space is too large or not of a form that the tuner can search.
        """
