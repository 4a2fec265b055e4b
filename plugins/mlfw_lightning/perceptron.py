"""The multi-layer perceptron as a torch module."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mlfw_lightning.batches import Inputs
from mlfw_lightning.network import ImageShape, InputShape, TextShape

WIDEST_EMBEDDING = 50
WORD_WIDTH = 64


def embedding_width(cardinality: int) -> int:
    """Return how many numbers stand for a category of so many codes.

    The rule of thumb of the fastai library (Howard and Gugger 2020).
    """
    width: float = 1.6 * cardinality**0.56
    return min(WIDEST_EMBEDDING, max(1, round(width)))


def mean_of_words(shape: TextShape) -> nn.Module:
    """Return a module that embeds words and takes their mean, float32 [rows, 64].

    As in Joulin et al., Bag of Tricks for Efficient Text Classification (2017).
    """
    return nn.EmbeddingBag(shape.words, WORD_WIDTH, mode="mean", padding_idx=0)


class Pixels(nn.Module):
    """An image's pixels in a row, each channel of mean 0 and deviation 1."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        self.size = math.prod(shape.size)
        for name in ("mean", "deviation"):
            values = torch.tensor(getattr(shape, name))[:, None, None]
            self.register_buffer(name, values, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 [rows, channels x height x width]."""
        return ((images - self.mean) / self.deviation).flatten(1)


class Perceptron(nn.Module):
    """Categories and words embedded beside numbers and pixels, hidden layers, a linear layer."""

    def __init__(self, shape: InputShape, *, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(
            nn.Embedding(cardinality, embedding_width(cardinality))
            for cardinality in shape.cardinalities
        )
        self.texts = nn.ModuleList(mean_of_words(text) for text in shape.texts)
        self.images = nn.ModuleList(Pixels(image) for image in shape.images)
        size = shape.numbers + sum(map(embedding_width, shape.cardinalities))
        size += WORD_WIDTH * len(shape.texts) + sum(math.prod(i.size) for i in shape.images)
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(size, width), nn.ReLU()]
            layers += [nn.Dropout(dropout)] if dropout else []
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, shape.outputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """Return scores, float32 [rows, outputs]."""
        parts = [layer(inputs.codes[:, i]) for i, layer in enumerate(self.embeddings)]
        parts += [layer(text) for layer, text in zip(self.texts, inputs.texts, strict=True)]
        parts += [layer(image) for layer, image in zip(self.images, inputs.images, strict=True)]
        joined = torch.cat([inputs.numbers, *parts], dim=1) if parts else inputs.numbers
        scores: Tensor = self.layers(joined)
        return scores
