"""The multi-layer perceptron as a torch module."""

from __future__ import annotations

from torch import nn

from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.encoders.columns import Columns
from mlfw_lightning.networks.encoders.pixels import Pixels
from mlfw_lightning.networks.encoders.words import MeanOfWords
from mlfw_lightning.networks.fusion import Fusion


def hidden_layers(
    size: int, *, width: int, depth: int, dropout: float
) -> tuple[list[nn.Module], int]:
    """Return linear layers with ReLU and dropout, and how many numbers come out.

    Args:
        size: How many numbers go in.
        width: Units of each layer.
        depth: How many layers.
        dropout: Share of the units left out in training.
    """
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(size, width), nn.ReLU()]
        layers += [nn.Dropout(dropout)] if dropout else []
        size = width
    return layers, size


class Perceptron(Fusion):
    """Categories and words embedded beside numbers and pixels, hidden layers, a linear head."""

    def __init__(self, shape: InputShape, *, width: int, depth: int, dropout: float) -> None:
        columns = Columns(shape, map(MeanOfWords, shape.texts), map(Pixels, shape.images))
        layers, size = hidden_layers(columns.width, width=width, depth=depth, dropout=dropout)
        super().__init__(columns, nn.Sequential(*layers), width=size, outputs=shape.outputs)
