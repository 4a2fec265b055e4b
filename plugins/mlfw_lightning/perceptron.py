"""The multi-layer perceptron as a torch module."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mlfw_lightning.batches import Inputs
from mlfw_lightning.network import InputShape

WIDEST_EMBEDDING = 50


def embedding_width(cardinality: int) -> int:
    """Return how many numbers stand for a category of so many codes.

    The rule of thumb of the fastai library (Howard and Gugger 2020).
    """
    width: float = 1.6 * cardinality**0.56
    return min(WIDEST_EMBEDDING, max(1, round(width)))


class Perceptron(nn.Module):
    """Embeddings beside numbers, then hidden layers, then one linear layer."""

    def __init__(self, shape: InputShape, *, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(
            nn.Embedding(cardinality, embedding_width(cardinality))
            for cardinality in shape.cardinalities
        )
        size = shape.numbers + sum(map(embedding_width, shape.cardinalities))
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers += [nn.Linear(size, width), nn.ReLU()]
            layers += [nn.Dropout(dropout)] if dropout else []
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, shape.outputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """Return scores, float32 [rows, outputs]."""
        numbers, codes = inputs
        embedded = [layer(codes[:, i]) for i, layer in enumerate(self.embeddings)]
        joined = torch.cat([numbers, *embedded], dim=1) if embedded else numbers
        scores: Tensor = self.layers(joined)
        return scores
