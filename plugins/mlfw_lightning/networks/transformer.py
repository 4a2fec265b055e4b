"""The model `transformer`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from mlfw import Kind, Schema, limits, search
from mlfw_lightning.network import InputShape, Network
from mlfw_lightning.networks.checks import check_has, check_heads

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class Transformer(Network):
    """A small transformer over the words of texts, with all other columns beside it.

    Of Vaswani et al., Attention Is All You Need (2017): it learns what the order of words means,
    from the training texts alone. Where there are other columns, the mean over a text's words is
    joined by a hidden layer with numbers, embedded categories and what a small residual network of
    convolutions makes of each image. How many words it sees is `length` of the text's preparation.

    Attributes:
        width: Numbers of a word; a multiple of heads.
        depth: How many transformer blocks.
        heads: How many attentions of a block there are.
        dropout: Share of attention and of units left out in each training step.
    """

    largest_batch: ClassVar[int] = 128

    width: int = field(default=64, metadata=limits(minimum=1) | search(choices=(32, 64, 128, 256)))
    depth: int = field(default=2, metadata=limits(minimum=1) | search(1, 4))
    heads: int = field(default=4, metadata=limits(minimum=1))
    dropout: float = field(default=0.1, metadata=limits(minimum=0, below=1) | search(0.0, 0.5))
    learning_rate: float = field(
        default=1e-3, metadata=limits(above=0) | search(1e-5, 3e-3, log=True)
    )

    def check(self) -> None:
        """Check that the heads can share the width."""
        super().check()
        check_heads(self.width, self.heads)

    def check_schema(self, schema: Schema) -> None:
        """Check that there is a text."""
        check_has(schema, Kind.text)

    def build(self, shape: InputShape) -> nn.Module:
        """Return a fresh network."""
        from mlfw_lightning.networks.beside import Beside
        from mlfw_lightning.networks.encoders.image_resnet import images_beside
        from mlfw_lightning.networks.encoders.text_transformer import TextTransformer

        texts = [
            TextTransformer(
                text, width=self.width, depth=self.depth, heads=self.heads, dropout=self.dropout
            )
            for text in shape.texts
        ]
        return Beside(shape, texts, images_beside(shape.images), dropout=self.dropout)
