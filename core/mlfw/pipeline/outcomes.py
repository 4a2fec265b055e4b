"""Predictions for a split beside the truth, in memory even where the rows are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw.components import RowSplits
from mlfw.components.dataset import Progress, silent

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Outcomes:
    """What was predicted and what is true.

    Attributes:
        truth: The target columns, [rows].
        predictions: As `mlfw.predictions_table` makes them, [rows].
    """

    truth: pa.Table
    predictions: pa.Table


def predict_split(
    data: RowSplits,
    split: str,
    predict: Callable[[pa.Table], pa.Table],
    progress: Progress = silent,
) -> Outcomes:
    """Predict the rows of `train`, `validation` or `test`, batch by batch.

    Args:
        data: The rows.
        split: Which of them.
        predict: Predicts some rows.
        progress: Told how many rows are done, of how many.
    """
    import pyarrow as pa

    names = [target.name for target in data.schema.targets]
    truths, predictions = [], []
    done, total = 0, data.count(split)
    for batch in data.batches(split):
        truths.append(batch.select(names))
        predictions.append(predict(batch))
        done += batch.num_rows
        progress(done, total, f"rows, {split}")
    return Outcomes(pa.concat_tables(truths), pa.concat_tables(predictions))


def target_rows(data: RowSplits, split: str) -> pa.Table:
    """Return the target columns of a split."""
    import pyarrow as pa

    names = [target.name for target in data.schema.targets]
    return pa.concat_tables(list(data.batches(split, names)))
