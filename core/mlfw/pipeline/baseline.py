"""What predicting without looking at the columns is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw.components import RowSplits
from mlfw.components.splits import TRAIN
from mlfw.pipeline.outcomes import target_rows
from mlfw.schema import Schema, Task, predictions_table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def baseline_predictions(data: RowSplits, rows: int) -> pa.Table:
    """Return the predictions of the baseline: the majority class, the usual labels, or the mean.

    The probabilities are the classes' shares of the training rows.

    Args:
        data: Where the training rows come from.
        rows: For how many rows.
    """
    schema, train = data.schema, target_rows(data, TRAIN)
    values = [_constant(train, schema.single(target), rows) for target in schema.targets]
    return predictions_table(schema, values if len(values) > 1 else values[0])


def _constant(train: pa.Table, schema: Schema, rows: int) -> np.ndarray:
    """Return what is predicted for every row of the only target."""
    import numpy as np

    if schema.task is Task.regression:
        return np.full(rows, np.asarray(train[schema.target.name]).mean())
    classes = len(schema.classes)
    if schema.task is Task.multilabel:
        held = np.asarray(schema.indicators(train).flatten()).reshape(-1, classes)
        return np.tile(held.mean(axis=0), (rows, 1))
    codes = np.asarray(schema.codes(train))
    return np.tile(np.bincount(codes, minlength=classes) / len(codes), (rows, 1))
