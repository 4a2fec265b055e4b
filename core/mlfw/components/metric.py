"""The contract of metrics."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mlfw.components.component import Component
from mlfw.schema.kinds import Task

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.schema import Schema

MetricValue = float | list[list[float]]


@dataclass(kw_only=True)
class Metric(Component):
    """Compares predictions with the truth.

    Attributes:
        tasks: The tasks it can judge.
        default_for: The tasks for which it is computed when the user names no metric.
        higher_is_better: Whether a larger value is a better one; None for a metric that cannot
            rank models, such as a confusion matrix.
        of_positive_class: Whether, in a binary task, it is about the positive class alone
            (`Target.positive`), which is then named beside it.
    """

    kind: ClassVar[str] = "metrics"
    tasks: ClassVar[frozenset[Task]] = frozenset(Task)
    default_for: ClassVar[frozenset[Task]] = frozenset()
    higher_is_better: ClassVar[bool | None] = True
    of_positive_class: ClassVar[bool] = False

    @abstractmethod
    def compute(self, target: pa.Array, predictions: pa.Table, schema: Schema) -> MetricValue:
        """Return the metric.

        Args:
            target: The truth, [rows]: class numbers (int64, from `Schema.codes`) for
                classification, values (float64) for regression, for multi-label 0 or 1 for each
                label (fixed-size list<int8>[labels], from `Schema.indicators`).
            predictions: As `mlfw.predictions_table` makes them, [rows].
            schema: What the model was trained on, with this one target.

        Returns:
            One number, or a matrix as nested lists.
        """
