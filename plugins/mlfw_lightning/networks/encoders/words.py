"""Texts as the mean of their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from mlfw_lightning.network import TextShape
from mlfw_lightning.networks.encoders.encoder import Encoder
from mlfw_lightning.onnx_layers import add_module
from mlfw_onnx import arrays

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor

WORD_WIDTH = 64


class MeanOfWords(Encoder):
    """The mean of a text's embedded words; an empty text is 0.

    As in Joulin et al., Bag of Tricks for Efficient Text Classification (2017).
    """

    def __init__(self, shape: TextShape, width: int = WORD_WIDTH) -> None:
        super().__init__()
        self.width = width
        self.words = nn.Embedding(shape.words, width, padding_idx=0)

    def forward(self, text: Tensor) -> Tensor:
        """Return float32 [rows, width] for words, int32 [rows, length]."""
        words = self.words(text)  # no EmbeddingBag, which ONNX cannot hold and is no faster
        there = (text != 0).unsqueeze(1).to(words.dtype)
        sums: Tensor = (there @ words).squeeze(1)
        return sums / there.sum(dim=2).clamp(min=1)

    def add_to_graph(self, text: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        words = add_module(self.words, text)
        there = (~(text == 0))[:, None].cast(words.dtype)
        sums = (there @ words)[:, 0]
        return sums / arrays.maximum(arrays.sum(there, axis=2), 1)
