"""What predicting without looking at the columns is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw.components import Splits
from mlfw.schema import Schema, predictions_table

if TYPE_CHECKING:
    import pyarrow as pa


def baseline_predictions(splits: Splits, rows: pa.Table) -> pa.Table:
    """Return the predictions of the baseline: the majority class, or the mean.

    The class probabilities are the classes' shares of the training rows.

    Args:
        splits: Where the training rows come from.
        rows: The rows to predict, of which only the number counts.
    """
    import numpy as np

    schema: Schema = splits.schema
    if schema.task.is_classification:
        codes = schema.codes(splits.train).to_numpy()
        shares = np.bincount(codes, minlength=len(schema.classes)) / len(codes)
        return predictions_table(schema, np.tile(shares, (rows.num_rows, 1)))
    mean = splits.train[schema.target.name].to_numpy().mean()
    return predictions_table(schema, np.full(rows.num_rows, mean))
