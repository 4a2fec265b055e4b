"""Metrics that compare predicted values with true ones."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import Task
from mlfw_torchmetrics.tensors import number, reals

if TYPE_CHECKING:
    import pyarrow as pa
    from torch import Tensor

REGRESSION = frozenset({Task.regression})


@dataclass(kw_only=True)
class RegressionMetric(mlfw.Metric):
    """One number from predicted and true values."""

    packages: ClassVar[tuple[str, ...]] = ("torch", "torchmetrics")
    extra: ClassVar[str] = "torchmetrics"
    tasks: ClassVar[frozenset[Task]] = REGRESSION
    default_for: ClassVar[frozenset[Task]] = REGRESSION
    higher_is_better: ClassVar[bool | None] = False
    least_rows: ClassVar[int] = 1

    def compute(
        self,
        target: pa.Array,
        predictions: pa.Table,
        schema: mlfw.Schema,  # noqa: ARG002
    ) -> float:
        """Return the metric, or NaN with too few rows; see `mlfw.Metric.compute`."""
        if len(target) < self.least_rows:
            return float("nan")
        return number(self.value(reals(predictions["prediction"]), reals(target)))

    @abstractmethod
    def value(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Return the metric as a tensor of one number.

        Args:
            predicted: The predicted values, float64 [rows].
            target: The true values, float64 [rows].
        """


@dataclass(kw_only=True)
class RMSE(RegressionMetric):
    """Root of the mean squared error, in the target's unit."""

    def value(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Return the root of the mean squared error."""
        from torchmetrics.functional.regression import mean_squared_error

        return mean_squared_error(predicted, target, squared=False)


@dataclass(kw_only=True)
class MAE(RegressionMetric):
    """Mean absolute error, in the target's unit."""

    def value(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Return the mean absolute error."""
        from torchmetrics.functional.regression import mean_absolute_error

        return mean_absolute_error(predicted, target)


@dataclass(kw_only=True)
class R2(RegressionMetric):
    """Coefficient of determination: 1 is perfect, 0 is no better than the mean.

    Undefined with fewer than two rows, or where all true values are the same.
    """

    higher_is_better: ClassVar[bool | None] = True
    least_rows: ClassVar[int] = 2

    def value(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Return the coefficient, or NaN where the target is constant."""
        import torch
        from torchmetrics.functional.regression import r2_score

        if target.min() == target.max():
            return torch.tensor(float("nan"))
        # torchmetrics takes sums of squares below 1e-4 for zero and loses a large mean's digits;
        # in standard units, which leave the coefficient as it is, neither happens.
        mean, spread = target.mean(), target.std(correction=0)
        return r2_score((predicted - mean) / spread, (target - mean) / spread)
