"""Which class is taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import Task
from mlfw_torchmetrics.classification import CLASSIFICATION
from mlfw_torchmetrics.tensors import Labels

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(kw_only=True)
class ConfusionMatrix(mlfw.Metric):
    """Number of rows per true class (down) and predicted class (across)."""

    packages: ClassVar[tuple[str, ...]] = ("torch", "torchmetrics")
    extra: ClassVar[str] = "torchmetrics"
    tasks: ClassVar[frozenset[Task]] = CLASSIFICATION
    default_for: ClassVar[frozenset[Task]] = CLASSIFICATION
    higher_is_better: ClassVar[bool | None] = None

    def compute(
        self, target: pa.Array, predictions: pa.Table, schema: mlfw.Schema
    ) -> list[list[float]]:
        """Return the counts, [classes, classes]; see `mlfw.Metric.compute`.

        Where labels occur that training never saw, one more row at the end counts them.
        """
        from torchmetrics.functional.classification import multiclass_confusion_matrix

        labels = Labels.of(target, predictions, schema)
        counts = multiclass_confusion_matrix(
            labels.predicted, labels.target, labels.classes, validate_args=False
        )
        rows: list[list[float]] = counts[:, : len(schema.classes)].tolist()
        return rows
