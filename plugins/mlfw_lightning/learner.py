"""What the trainer trains: a network, what it predicts, and the rows as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw import FitContext, RowSplits
from mlfw_lightning.heads import Head, heads_of
from mlfw_lightning.network import InputShape, Network
from mlfw_tabular.prepared import prepared

if TYPE_CHECKING:
    from mlfw_tabular import Preprocessor
    from mlfw_tabular.arrays import Arrays


@dataclass(frozen=True)
class Learner:
    """A network to be trained, as `LightningTrainer` takes it.

    Attributes:
        model: Builds the network, and says how fast and in which batches it learns.
        shape: What goes in and comes out.
        heads: What its scores stand for, in order.
        train: The rows to learn from; see `mlfw_tabular.prepared.Prepared`.
        validation: The rows that decide when to stop and which epoch was best.
        key: What the rows follow from, as a short text; empty where that is not known.
    """

    model: Network
    shape: InputShape
    heads: tuple[Head, ...]
    train: Arrays
    validation: Arrays
    key: str = ""

    @classmethod
    def of(
        cls, model: Network, data: RowSplits, context: FitContext
    ) -> tuple[Learner, Preprocessor]:
        """Prepare a model's rows, learning from the training rows only.

        Returns:
            The learner, and what is needed beside weights and heads to predict.
        """
        made = prepared(data, cache=context.cache, folder=context.folder, seed=context.seed)
        heads = heads_of(data.schema, made.scales)
        shape = InputShape(
            numbers=len(made.preprocessor.number_names),
            cardinalities=made.preprocessor.cardinalities,
            outputs=sum(head.outputs for head in heads),
        )
        learner = cls(model, shape, heads, made.train, made.validation, data.key)
        return learner, made.preprocessor
