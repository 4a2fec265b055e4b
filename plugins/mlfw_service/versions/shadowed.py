"""Keeping what a request asked and what was predicted, until its answer has been sent."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlfw.components.dataset import Progress, silent
from mlfw.pipeline.saved_model import SavedModel
from mlfw.schema.value_notes import ValueNote

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Predicted:
    """Rows and their predictions.

    Attributes:
        rows: A list of dicts, or a table.
        predictions: The predictions.
    """

    rows: Any
    predictions: pa.Table


# Collects what is predicted for the request under way, where shadows are to predict it too.
COLLECTED: ContextVar[list[Predicted] | None] = ContextVar("mlfw_collected", default=None)


@dataclass(frozen=True)
class ShadowedModel(SavedModel):
    """A saved model whose predictions are collected for shadows.

    Attributes:
        inner: The model itself.
    """

    inner: SavedModel = field(kw_only=True)

    @classmethod
    def of(cls, model: SavedModel) -> ShadowedModel:
        """Return a model that predicts as the given one."""
        return cls(model.schema, model.predictor, model.use, model.folder, inner=model)

    def predict_noting(self, rows: Any, notes: list[ValueNote]) -> pa.Table:
        """Predict, and collect; see `SavedModel.predict_noting`."""
        return self._collected(rows, self.inner.predict_noting(rows, notes))

    def predict_table(
        self,
        rows: pa.Table,
        *,
        place: str = "the data",
        progress: Progress = silent,
        notes: list[ValueNote] | None = None,
    ) -> pa.Table:
        """Predict, and collect; see `SavedModel.predict_table`."""
        found = self.inner.predict_table(rows, place=place, progress=progress, notes=notes)
        return self._collected(rows, found)

    def _collected(self, rows: Any, predictions: pa.Table) -> pa.Table:
        collected = COLLECTED.get()
        if collected is not None:
            collected.append(Predicted(rows, predictions))
        return predictions
