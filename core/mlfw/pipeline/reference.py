"""The reference of a saved model: how its training data and its predictions were distributed.

Later rows are compared with it, also where the run's data are gone; see `Distribution` for what it
keeps of the data and what not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.components.splits import TRAIN, RowSplits
from mlfw.errors import UserError
from mlfw.files import finite, read_json
from mlfw.hints import printable
from mlfw.pipeline.manifest import COPY_AGAIN
from mlfw.schema import Kind, Schema, Task
from mlfw.schema.distribution import Distribution
from mlfw.schema.predictions import prediction_name

if TYPE_CHECKING:
    import pyarrow as pa

REFERENCE = "reference.json"
FORMAT = 1
MOST_ROWS = 200_000  # of more, so many are counted, taken evenly


@dataclass(frozen=True, kw_only=True)
class Reference:
    """How training data and predictions were distributed.

    Attributes:
        columns: Of the training rows, by column.
        predictions: Of the predictions for the validation rows, by target.
    """

    columns: Mapping[str, Distribution]
    predictions: Mapping[str, Distribution] = field(default_factory=dict)

    @classmethod
    def of(cls, splits: RowSplits, predictions: pa.Table | None = None) -> Reference:
        """Return the reference of a model.

        Args:
            splits: The rows that it was trained on.
            predictions: Its predictions for the validation rows.
        """
        schema = splits.schema
        return cls(
            columns=_columns(splits),
            predictions={} if predictions is None else prediction_counts(schema, predictions),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the reference as JSON data."""
        return {
            "format": FORMAT,
            "columns": {name: each.to_json() for name, each in self.columns.items()},
            "predictions": {name: each.to_json() for name, each in self.predictions.items()},
        }

    @classmethod
    def load(cls, folder: Path) -> Reference | None:
        """Read the reference of a saved model; None where it has none, as older ones have not.

        Raises:
            UserError: The file is damaged.
        """
        path = folder / REFERENCE
        if not path.is_file():
            return None
        try:
            data = read_json(path)
            return cls(
                columns=_distributions(data["columns"]),
                predictions=_distributions(data["predictions"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise UserError(f"{printable(str(path))}: damaged.", COPY_AGAIN) from None


def reference_files(splits: RowSplits, predictions: pa.Table) -> dict[str, str]:
    """Return the text of `reference.json`, by name; see `Reference.of`."""
    data = finite(Reference.of(splits, predictions).to_json())
    return {REFERENCE: json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"}


def prediction_counts(schema: Schema, predictions: pa.Table) -> dict[str, Distribution]:
    """Return how predictions are distributed, by target.

    Args:
        schema: The model's schema.
        predictions: As `mlfw.predictions_table` makes them.
    """
    return {
        target.name: Distribution.of(
            predictions[prediction_name(schema, target)],
            Kind.number if target.task is Task.regression else Kind.category,
        )
        for target in schema.targets
    }


def _columns(splits: RowSplits) -> dict[str, Distribution]:
    import numpy as np
    import pyarrow as pa

    step = -(-splits.count(TRAIN) // MOST_ROWS) or 1
    found = {}
    for column in splits.schema.columns:
        parts, start = [], 0
        for batch in splits.batches(TRAIN, [column.name]):
            rows = batch.num_rows
            values = batch.column(0)
            parts.append(values.take(np.arange(start, rows, step)) if step > 1 else values)
            start = (start - rows) % step
        values = pa.chunked_array([chunk for part in parts for chunk in part.chunks])
        found[column.name] = Distribution.of(values, column.kind)
    return found


def _distributions(data: Mapping[str, Any]) -> dict[str, Distribution]:
    return {name: Distribution.from_json(each) for name, each in data.items()}
