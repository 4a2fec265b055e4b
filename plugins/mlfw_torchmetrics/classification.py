"""Metrics that compare predicted classes with true ones."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import Task
from mlfw_torchmetrics.tensors import Labels, LabelSets, number

if TYPE_CHECKING:
    import pyarrow as pa
    from torch import Tensor

CLASSIFICATION = frozenset({Task.binary, Task.multiclass})
WITH_LABELS = CLASSIFICATION | {Task.multilabel}


@dataclass(kw_only=True)
class ClassificationMetric(mlfw.Metric):
    """One number from predicted and true classes.

    Rows with a label that training never saw are wrong predictions.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "torchmetrics")
    extra: ClassVar[str] = "torchmetrics"
    tasks: ClassVar[frozenset[Task]] = WITH_LABELS
    default_for: ClassVar[frozenset[Task]] = WITH_LABELS

    def compute(self, target: pa.Array, predictions: pa.Table, schema: mlfw.Schema) -> float:
        """Return the metric, or NaN without rows; see `mlfw.Metric.compute`."""
        if not len(target):
            return float("nan")
        if schema.task is Task.multilabel:
            return number(self.value_of_sets(LabelSets.of(target, predictions, schema)))
        labels = Labels.of(target, predictions, schema)
        return number(self.value(labels, binary=schema.task is Task.binary))

    @abstractmethod
    def value(self, labels: Labels, *, binary: bool) -> Tensor:
        """Return the metric as a tensor of one number.

        Args:
            labels: The classes of one row or more.
            binary: Whether there are two classes; the second one is the positive class.
        """

    @abstractmethod
    def value_of_sets(self, sets: LabelSets) -> Tensor:
        """Return the metric of a multi-label task as a tensor of one number."""


@dataclass(kw_only=True)
class Accuracy(ClassificationMetric):
    """Share of the rows whose class is predicted rightly; of the labels of a row, all of them."""

    def value(self, labels: Labels, *, binary: bool) -> Tensor:  # noqa: ARG002
        """Return the accuracy."""
        from torchmetrics.functional.classification import multiclass_accuracy

        return multiclass_accuracy(
            labels.predicted, labels.target, labels.classes, average="micro", validate_args=False
        )

    def value_of_sets(self, sets: LabelSets) -> Tensor:
        """Return the share of rows with exactly the right labels."""
        from torchmetrics.functional.classification import multilabel_exact_match

        return multilabel_exact_match(*sets, num_labels=sets.labels, validate_args=False)


class Average(StrEnum):
    """How the values of single classes become one."""

    macro = "macro"
    micro = "micro"
    weighted = "weighted"


@dataclass(kw_only=True)
class AveragedMetric(ClassificationMetric):
    """A metric of one class, averaged where there are more than two.

    In a binary task it is that of the positive class, and undefined where no row is of that class.
    In a multi-label task each label counts as a class.

    Attributes:
        average: How classes count where there are more than two: each class the same (macro),
            each row the same (micro), or each class by its number of rows (weighted).
    """

    of_positive_class: ClassVar[bool] = True

    average: Average = Average.macro

    def compute(self, target: pa.Array, predictions: pa.Table, schema: mlfw.Schema) -> float:
        """Return the metric, or NaN without rows or without one of the positive class."""
        import pyarrow.compute as pc

        positive = len(schema.classes) - 1
        if schema.task is Task.binary and positive not in pc.unique(target).to_pylist():
            return float("nan")
        return super().compute(target, predictions, schema)


@dataclass(kw_only=True)
class F1(AveragedMetric):
    """F1 score: the harmonic mean of precision and recall.

    In a binary task it is that of the positive class: the class of fewer rows, unless
    dataset.positive names the other one. With more classes it is averaged over them.
    """

    def value(self, labels: Labels, *, binary: bool) -> Tensor:
        """Return the F1 score; 0 for a class without any right prediction."""
        from torchmetrics.functional.classification import binary_f1_score, multiclass_f1_score

        if binary:
            return binary_f1_score(*labels.positive(), validate_args=False)
        return multiclass_f1_score(
            labels.predicted, labels.target, labels.classes, self.average.value, validate_args=False
        )

    def value_of_sets(self, sets: LabelSets) -> Tensor:
        """Return the F1 score of the labels."""
        from torchmetrics.functional.classification import multilabel_f1_score

        return multilabel_f1_score(
            *sets, num_labels=sets.labels, average=self.average.value, validate_args=False
        )


@dataclass(kw_only=True)
class Precision(AveragedMetric):
    """Share of the predictions of a class that are right.

    In a binary task it is that of the positive class: the class of fewer rows, unless
    dataset.positive names the other one. With more classes it is averaged over them.
    """

    def value(self, labels: Labels, *, binary: bool) -> Tensor:
        """Return the precision; 0 for a class that is never predicted."""
        from torchmetrics.functional.classification import binary_precision, multiclass_precision

        if binary:
            return binary_precision(*labels.positive(), validate_args=False)
        return multiclass_precision(
            labels.predicted, labels.target, labels.classes, self.average.value, validate_args=False
        )

    def value_of_sets(self, sets: LabelSets) -> Tensor:
        """Return the precision of the labels."""
        from torchmetrics.functional.classification import multilabel_precision

        return multilabel_precision(
            *sets, num_labels=sets.labels, average=self.average.value, validate_args=False
        )


@dataclass(kw_only=True)
class Recall(AveragedMetric):
    """Share of the rows of a class that are found.

    In a binary task it is that of the positive class: the class of fewer rows, unless
    dataset.positive names the other one. With more classes it is averaged over them.
    """

    def value(self, labels: Labels, *, binary: bool) -> Tensor:
        """Return the recall; in an average, 0 for a class without rows."""
        from torchmetrics.functional.classification import binary_recall, multiclass_recall

        if binary:
            return binary_recall(*labels.positive(), validate_args=False)
        return multiclass_recall(
            labels.predicted, labels.target, labels.classes, self.average.value, validate_args=False
        )

    def value_of_sets(self, sets: LabelSets) -> Tensor:
        """Return the recall of the labels."""
        from torchmetrics.functional.classification import multilabel_recall

        return multilabel_recall(
            *sets, num_labels=sets.labels, average=self.average.value, validate_args=False
        )
