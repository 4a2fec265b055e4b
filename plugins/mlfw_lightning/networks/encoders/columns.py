"""All columns of a row side by side, as one vector."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.encoders.encoder import Encoder, blocks_of
from mlfw_lightning.onnx_layers import add_module
from mlfw_onnx import arrays

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor
    from mlfw_tabular import GraphFeatures

WIDEST_EMBEDDING = 50


def embedding_width(cardinality: int) -> int:
    """Return how many numbers stand for a category of so many codes.

    The rule of thumb of the fastai library (Howard and Gugger 2020).
    """
    width: float = 1.6 * cardinality**0.56
    return min(WIDEST_EMBEDDING, max(1, round(width)))


class Columns(Encoder):
    """Numbers as they are, categories embedded, each text and image by an encoder of its own."""

    def __init__(
        self, shape: InputShape, texts: Iterable[Encoder], images: Iterable[Encoder]
    ) -> None:
        """Take an encoder for each text and each image of the shape, in order."""
        super().__init__()
        self.categories = nn.ModuleList(
            nn.Embedding(cardinality, embedding_width(cardinality))
            for cardinality in shape.cardinalities
        )
        encoders = [list(texts), list(images)]
        self.texts, self.images = map(nn.ModuleList, encoders)
        self.width = shape.numbers + sum(map(embedding_width, shape.cardinalities))
        self.width += sum(encoder.width for kind in encoders for encoder in kind)
        self.only_numbers = self.width == shape.numbers

    def forward(self, inputs: Inputs) -> Tensor:
        """Return float32 [rows, width]."""
        if self.only_numbers:
            return inputs.numbers
        codes, texts, images = inputs.codes.unbind(1), inputs.texts, inputs.images
        parts = [inputs.numbers]
        parts += [layer(code) for layer, code in zip(self.categories, codes, strict=True)]
        parts += [layer(text) for layer, text in zip(self.texts, texts, strict=True)]
        parts += [layer(image) for layer, image in zip(self.images, images, strict=True)]
        return torch.cat(parts, dim=1)

    def add_to_graph(self, features: GraphFeatures) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        codes = [features.codes[:, place] for place in range(len(self.categories))]
        layers = [*self.categories, *self.texts, *self.images]
        columns = [*codes, *features.tokens, *features.images]
        encoded = [add_module(layer, x) for layer, x in zip(layers, columns, strict=True)]
        return arrays.concatenate([features.numbers, *encoded], axis=1)

    def blocks(self) -> list[nn.Module]:
        """Return the blocks of all encoders, side by side."""
        return blocks_of([*self.texts, *self.images], self.categories)
