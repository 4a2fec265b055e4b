"""The model `mlp`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlfw import limits, search
from mlfw_lightning.network import InputShape, Network

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class MLP(Network):
    """A multi-layer perceptron: numbers scaled, categories embedded, ReLU layers with dropout.

    Of a text it takes the mean of its embedded words, of an image its pixels in a row.

    Attributes:
        width: Units of each hidden layer.
        depth: How many hidden layers.
        dropout: Share of the units left out in each training step.
    """

    width: int = field(default=128, metadata=limits(minimum=1) | search(16, 512, log=True))
    depth: int = field(default=2, metadata=limits(minimum=1) | search(1, 4))
    dropout: float = field(default=0.1, metadata=limits(minimum=0, below=1) | search(0.0, 0.5))

    def build(self, shape: InputShape) -> nn.Module:
        """Return a fresh perceptron."""
        from mlfw_lightning.networks.perceptron import Perceptron

        return Perceptron(shape, width=self.width, depth=self.depth, dropout=self.dropout)
