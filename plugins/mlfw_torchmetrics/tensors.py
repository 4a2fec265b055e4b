"""From columns to what torchmetrics takes, and from what it gives to plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import mlfw

if TYPE_CHECKING:
    import pyarrow as pa
    from torch import Tensor


@dataclass(frozen=True)
class Labels:
    """True and predicted class numbers.

    All labels that training never saw are one class more, after the known ones. It is never
    predicted, so its rows are wrong predictions.

    Attributes:
        target: The true class numbers, int64 [rows].
        predicted: The predicted class numbers, int64 [rows].
        classes: How many classes there are, that of unknown labels included where one occurs.
    """

    target: Tensor
    predicted: Tensor
    classes: int

    @classmethod
    def of(cls, target: pa.Array, predictions: pa.Table, schema: mlfw.Schema) -> Labels:
        """Read the labels from what a metric is given."""
        import pyarrow as pa

        known = len(schema.classes)
        predicted = schema.codes(pa.table({schema.target.name: predictions["prediction"]}))
        classes = known + 1 if target.null_count else known
        return cls(integers(target.fill_null(known)), integers(predicted), classes)

    def positive(self) -> tuple[Tensor, Tensor]:
        """Return which rows are predicted to be, and are, of the second class: 0 or 1, [rows]."""
        return (self.predicted == 1).long(), (self.target == 1).long()


class LabelSets(NamedTuple):
    """Which labels rows are predicted to have, and have.

    Attributes:
        predicted: 0 or 1, int64 [rows, labels].
        target: 0 or 1, int64 [rows, labels].
    """

    predicted: Tensor
    target: Tensor

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return int(self.target.shape[1])

    @classmethod
    def of(cls, target: pa.Array, predictions: pa.Table, schema: mlfw.Schema) -> LabelSets:
        """Read the labels from what a metric is given."""
        import pyarrow as pa

        predicted = schema.indicators(pa.table({schema.target.name: predictions["prediction"]}))
        return cls(held(predicted), held(target))


def held(indicators: pa.Array) -> Tensor:
    """Return fixed-size lists of 0 and 1 as a tensor, int64 [rows, labels]."""
    flat = integers(indicators.flatten())
    return flat.reshape(len(indicators), indicators.type.list_size)


def integers(values: pa.Array) -> Tensor:
    """Return whole numbers without gaps as a tensor, int64 [rows]."""
    import torch

    return torch.tensor(values.to_numpy(zero_copy_only=False), dtype=torch.int64)


def reals(values: pa.Array | pa.ChunkedArray) -> Tensor:
    """Return numbers as a tensor, float64 [rows]; a null becomes a NaN."""
    import torch

    return torch.tensor(values.to_numpy(zero_copy_only=False), dtype=torch.float64)


def number(value: Tensor) -> float:
    """Return a tensor of one number as the shortest decimal that stands for it.

    torchmetrics divides in single precision, where 0.9 is 0.8999999761581421: more digits than
    the number holds would only look exact.
    """
    return float(str(value.numpy()[()]))
