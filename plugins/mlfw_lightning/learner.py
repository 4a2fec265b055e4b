"""What the trainer trains: a network, and the rows as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mlfw import Schema, Splits
from mlfw_lightning.network import InputShape, Network
from mlfw_tabular import Preprocessor

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """Prepared rows.

    Attributes:
        numbers: float32 [rows, numbers].
        codes: int64 [rows, categories].
        target: Class numbers, int64 [rows], or scaled values, float32 [rows].
    """

    numbers: Tensor
    codes: Tensor
    target: Tensor

    def __len__(self) -> int:
        return len(self.target)

    def take(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the rows of these numbers, int64 [n]."""
        return self.numbers[index], self.codes[index], self.target[index]


@dataclass(frozen=True)
class TargetScale:
    """How a regression target is scaled: (value - mean) / deviation."""

    mean: float = 0.0
    deviation: float = 1.0


@dataclass(frozen=True)
class Learner:
    """A network to be trained, as `LightningTrainer` takes it.

    Attributes:
        model: Builds the network, and says how fast and in which batches it learns.
        shape: What goes in and comes out.
        classification: Whether scores are logits of classes.
        train: The rows to learn from.
        validation: The rows that decide when to stop and which epoch was best.
    """

    model: Network
    shape: InputShape
    classification: bool
    train: Rows
    validation: Rows

    @classmethod
    def of(cls, model: Network, data: Splits) -> tuple[Learner, Preprocessor, TargetScale]:
        """Prepare a model's splits, learning from the training rows only.

        Returns:
            The learner, and what is needed beside the weights to predict.
        """
        schema = data.schema
        preprocessor = Preprocessor.fit(data.train, schema)
        scale = _target_scale(data.train, schema)
        shape = InputShape(
            numbers=len(preprocessor.number_names),
            cardinalities=preprocessor.cardinalities,
            outputs=len(schema.classes) or 1,
        )
        train, validation = (
            _rows(rows, schema, preprocessor, scale) for rows in (data.train, data.validation)
        )
        learner = cls(model, shape, schema.task.is_classification, train, validation)
        return learner, preprocessor, scale


def _target_scale(rows: pa.Table, schema: Schema) -> TargetScale:
    if schema.task.is_classification:
        return TargetScale()
    values = rows[schema.target.name].to_numpy()
    return TargetScale(float(values.mean()), float(values.std()) or 1.0)


def _rows(rows: pa.Table, schema: Schema, preprocessor: Preprocessor, scale: TargetScale) -> Rows:
    features = preprocessor.transform(rows)
    if schema.task.is_classification:
        target = torch.from_numpy(schema.codes(rows).to_numpy().copy())
    else:
        values = (rows[schema.target.name].to_numpy() - scale.mean) / scale.deviation
        target = torch.from_numpy(values).float()
    return Rows(
        torch.from_numpy(features.numbers).float(), torch.from_numpy(features.codes), target
    )
