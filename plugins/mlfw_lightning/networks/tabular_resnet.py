"""The tabular residual network as a torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.encoders.columns import Columns
from mlfw_lightning.networks.encoders.image_resnet import images_beside
from mlfw_lightning.networks.encoders.words import MeanOfWords
from mlfw_lightning.networks.fusion import Fusion
from mlfw_lightning.onnx_layers import add_module

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor


class TabularResNet(Fusion):
    """A linear layer, residual blocks, a norm and ReLU before the linear head."""

    def __init__(
        self, shape: InputShape, *, width: int, depth: int, hidden: int, dropout: float
    ) -> None:
        """Build it.

        Args:
            shape: What goes in and comes out.
            width: Numbers that pass from block to block.
            depth: How many blocks.
            hidden: Units of the hidden layer of a block.
            dropout: Share of hidden units left out in training.
        """
        columns = Columns(shape, map(MeanOfWords, shape.texts), images_beside(shape.images))
        blocks = [ResidualBlock(width, hidden=hidden, dropout=dropout) for _ in range(depth)]
        body = nn.Sequential(
            nn.Linear(columns.width, width), *blocks, nn.Sequential(nn.LayerNorm(width), nn.ReLU())
        )
        super().__init__(columns, body, width=width, outputs=shape.outputs)


class ResidualBlock(nn.Module):
    """A norm and two layers, with a way around them."""

    def __init__(self, width: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return float32 [rows, width] for the same."""
        passed: Tensor = x + self.inner(x)
        return passed

    def add_to_graph(self, x: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        return x + add_module(self.inner, x)
