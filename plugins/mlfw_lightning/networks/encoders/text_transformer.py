"""Texts by a small transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mlfw_lightning.network import TextShape
from mlfw_lightning.networks.encoders.attention import Block
from mlfw_lightning.networks.encoders.encoder import Encoder
from mlfw_lightning.onnx_layers import add_module, weights
from mlfw_onnx import arrays

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor

SPREAD = 0.02
HIDDEN = 4


class TextTransformer(Encoder):
    """A transformer over a text's words, ended by the mean over them.

    As in Vaswani et al., Attention Is All You Need (2017), with positions that are learnt and
    GELU as in Devlin et al., BERT (2019). An empty text is read as one padding word.
    """

    first: Tensor

    def __init__(
        self, shape: TextShape, *, width: int, depth: int, heads: int, dropout: float
    ) -> None:
        """Build it.

        Args:
            shape: What the texts are.
            width: Numbers of a word, a multiple of `heads`.
            depth: How many blocks.
            heads: Attentions of each block.
            dropout: Share of units left out in training.
        """
        super().__init__()
        self.width = width
        self.words = nn.Embedding(shape.words, width, padding_idx=0)
        self.positions = nn.Embedding(shape.length, width)
        for table in (self.words, self.positions):
            nn.init.normal_(table.weight, std=SPREAD)
        self.layers = nn.ModuleList(
            Block(
                width,
                heads=heads,
                dropout=dropout,
                hidden=HIDDEN * width,
                activation=nn.GELU(),
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.register_buffer("first", torch.arange(shape.length) == 0, persistent=False)

    def forward(self, text: Tensor) -> Tensor:
        """Return float32 [rows, width] for words, int32 [rows, length]."""
        there = (text != 0) | self.first
        x = self.words(text) + self.positions.weight
        for layer in self.layers:
            x = layer(x, there)
        weight = there.unsqueeze(1).to(x.dtype)
        sums: Tensor = (weight @ self.norm(x)).squeeze(1)
        return sums / weight.sum(dim=2)

    def add_to_graph(self, text: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        there = ~(text == 0) | weights(self.first, text)
        x = add_module(self.words, text) + weights(self.positions.weight, text)
        for layer in self.layers:
            x = add_module(layer, x, there)
        weight = there[:, None].cast(x.dtype)
        sums = (weight @ add_module(self.norm, x))[:, 0]
        return sums / arrays.sum(weight, axis=2)

    def blocks(self) -> list[nn.Module]:
        """Return the embeddings, then every block; the last norm goes with the last."""
        *inner, last = self.layers
        return [
            nn.ModuleList([self.words, self.positions]),
            *inner,
            nn.ModuleList([last, self.norm]),
        ]
