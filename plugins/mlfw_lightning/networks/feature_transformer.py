"""The FT-Transformer as a torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.encoders.attention import Block, ReGLU
from mlfw_lightning.networks.encoders.feature_tokens import FeatureTokens
from mlfw_lightning.networks.encoders.image_resnet import images_beside
from mlfw_lightning.networks.encoders.words import MeanOfWords
from mlfw_lightning.networks.fusion import Fusion
from mlfw_lightning.onnx_layers import add_module
from mlfw_onnx import arrays

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor


class FeatureTransformer(Fusion):
    """A token for each column, transformer blocks, a linear head on the row's own token."""

    def __init__(
        self, shape: InputShape, *, width: int, depth: int, heads: int, dropout: float
    ) -> None:
        """Build it.

        Args:
            shape: What goes in and comes out.
            width: Numbers of a token, a multiple of `heads`.
            depth: How many blocks.
            heads: Attentions of each block.
            dropout: Share of units left out in training.
        """
        images = images_beside(shape.images)
        tokens = FeatureTokens(shape, map(MeanOfWords, shape.texts), images, width=width)
        blocks = [
            Block(
                width,
                heads=heads,
                dropout=dropout,
                hidden=width * 4 // 3,
                activation=ReGLU(),
                norm=number > 0,
                first_alone=number == depth - 1,
            )
            for number in range(depth)
        ]
        super().__init__(
            tokens, nn.Sequential(*blocks, RowToken(width)), width=width, outputs=shape.outputs
        )


class RowToken(nn.Module):
    """What the first token has become: a norm and ReLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return float32 [rows, width] for float32 [rows, tokens, width]."""
        normed: Tensor = self.norm(tokens[:, 0])
        return normed.relu()

    def add_to_graph(self, tokens: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        return arrays.maximum(add_module(self.norm, tokens[:, 0]), 0)
