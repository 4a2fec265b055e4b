"""Metrics that look at how rows are ranked by their class probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import Task
from mlfw_torchmetrics.classification import WITH_LABELS
from mlfw_torchmetrics.tensors import held, integers, number

if TYPE_CHECKING:
    import pyarrow as pa
    from torch import Tensor


@dataclass(kw_only=True)
class AUROC(mlfw.Metric):
    """Area under the ROC curve; with more than two classes the mean of each against the rest.

    1 is perfect, 0.5 is chance.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "torchmetrics")
    extra: ClassVar[str] = "torchmetrics"
    tasks: ClassVar[frozenset[Task]] = WITH_LABELS
    default_for: ClassVar[frozenset[Task]] = WITH_LABELS

    def compute(self, target: pa.Array, predictions: pa.Table, schema: mlfw.Schema) -> float:
        """Return the area; see `mlfw.Metric.compute`.

        A class without rows, or with all of them, has no curve and is left out of the mean. NaN
        where no class has one, or where a probability is not a number. A label that training
        never saw belongs to none of the classes.
        """
        import torch

        probabilities = torch.tensor(mlfw.probability_matrix(schema, predictions))
        belongs = _belongs(target, schema)
        if schema.task is Task.binary:
            probabilities, belongs = probabilities[:, 1:], belongs[:, 1:]
        rows = belongs.sum(dim=0)
        has_curve = (rows > 0) & (rows < len(belongs))
        if not has_curve.any() or not probabilities.isfinite().all():
            return float("nan")
        return number(_areas(probabilities[:, has_curve], belongs[:, has_curve]).mean())


def _belongs(target: pa.Array, schema: mlfw.Schema) -> Tensor:
    """Return whether each row belongs to each class or has each label: bool [rows, classes]."""
    if schema.task is Task.multilabel:
        return held(target).bool()
    return _one_hot(integers(target.fill_null(-1)), len(schema.classes))


def _one_hot(codes: Tensor, classes: int) -> Tensor:
    """Return whether each row, [rows], belongs to each class: bool [rows, classes]."""
    import torch

    return codes[:, None] == torch.arange(classes)[None, :]


def _areas(probabilities: Tensor, belongs: Tensor) -> Tensor:
    """Return each class's area, [classes], from two tensors of [rows, classes]."""
    from torchmetrics.functional.classification import multilabel_auroc

    areas = multilabel_auroc(
        probabilities, belongs.long(), belongs.shape[1], average="none", validate_args=False
    )
    return areas.reshape(-1)
