"""What the trainer trains: a network, what it predicts, and the rows as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlfw import FitContext, RowSplits
from mlfw_lightning.heads import Head, heads_of
from mlfw_lightning.network import ImageShape, InputShape, Network, TextShape
from mlfw_tabular import IMAGES, prepared

if TYPE_CHECKING:
    from mlfw_tabular import Arrays, Augmentation, Preprocessor


@dataclass(frozen=True)
class Learner:
    """A network to be trained, as `LightningTrainer` takes it.

    Attributes:
        model: Builds the network, and says how fast and in which batches it learns.
        shape: What goes in and comes out.
        heads: What its scores stand for, in order.
        train: The rows to learn from; see `mlfw_tabular.features.Prepared`.
        validation: The rows that decide when to stop and which epoch was best.
        vary: How training images are varied, by the name of their array.
        key: What the rows follow from, as a short text; empty where that is not known.
        names: The names of the numbers that go into the network, in order.
    """

    model: Network
    shape: InputShape
    heads: tuple[Head, ...]
    train: Arrays
    validation: Arrays
    vary: Mapping[str, Augmentation] = field(default_factory=dict)
    key: str = ""
    names: tuple[str, ...] = ()

    @property
    def row_bytes(self) -> int:
        """How much memory a row takes, in bytes."""
        first = self.train.read(0, min(self.train.rows, 1))
        return sum(array.nbytes for array in first.values())

    @classmethod
    def of(
        cls, model: Network, data: RowSplits, context: FitContext
    ) -> tuple[Learner, Preprocessor]:
        """Prepare a model's rows, learning from the training rows only.

        Returns:
            The learner, and what is needed beside weights and heads to predict.
        """
        made = prepared(
            data,
            cache=context.cache,
            folder=context.folder,
            seed=context.seed,
            network=True,
            fitting=model.fitting(),
            progress=context.preparing,
        )
        heads = heads_of(data.schema, made.scales, model.target_weights)
        ready = made.preprocessor
        shape = InputShape(
            numbers=len(ready.names(network=True)),
            cardinalities=ready.cardinalities,
            outputs=sum(head.outputs for head in heads),
            texts=tuple(TextShape(t.cardinality, t.length, t.reader) for t in ready.texts.values()),
            images=tuple(
                ImageShape(image.shape, image.mean, image.deviation, image.reader)
                for image in ready.images.values()
            ),
        )
        vary = {f"{IMAGES}{name}": how for name, how in ready.augmentations.items()}
        names = tuple(ready.names(network=True))
        learner = cls(model, shape, heads, made.train, made.validation, vary, data.key, names)
        return learner, ready
