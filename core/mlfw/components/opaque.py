"""Data that are not rows of a table, and models that learn from them.

The core hands such data from the data set to the model and never looks inside: what they are is
agreed between these two, by `Dataset.gives` and `Model.takes`.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw.components.imports import Imports
from mlfw.components.model import Fitted, Model, Predictor

if TYPE_CHECKING:
    from pathlib import Path

    from mlfw.components.trainer import FitContext
    from mlfw.schema import Schema


@dataclass(frozen=True)
class Objective:
    """The measured value that ranks models.

    Attributes:
        name: Its name among the values that `OpaquePredictor.measure` returns for `validation`.
        higher_is_better: Whether a larger value is a better one.
    """

    name: str
    higher_is_better: bool


class OpaquePredictor(Fitted):
    """A fitted model of opaque data: it measures itself, as nobody else knows the data."""

    @abstractmethod
    def measure(self, data: Any, split: str, context: FitContext) -> dict[str, float]:
        """Return measured values by name; none where the data have no such split.

        Args:
            data: What the data set has given.
            split: `validation` or `test`.
            context: The trainer, the seed, what may be imported, and a folder for the moment.
        """


@dataclass(kw_only=True)
class OpaqueModel(Model):
    """A model of data that are not rows of a table; say in `takes` of which class they are."""

    @abstractmethod
    def fit(self, data: Any, context: FitContext) -> OpaquePredictor:
        """Learn from the data; see `Model.fit`."""

    @abstractmethod
    def restore(self, folder: Path, imports: Imports) -> OpaquePredictor:
        """Return what `Fitted.save` wrote into the folder; see `Model.restore`."""

    def objective(self) -> Objective | None:
        """Return the value that ranks models; None where models are not to be ranked."""
        return None

    def check_code(self, imports: Imports) -> None:
        """Check the code that the fields name, before anything takes long.

        Raises:
            UserError: It cannot be imported, or does not take its options.
        """

    def load(self, folder: Path, schema: Schema) -> Predictor:
        """Refuse: there is no schema; see `restore`."""
        raise NotImplementedError(f"{type(self).__name__} takes no rows: {folder} {schema}")
