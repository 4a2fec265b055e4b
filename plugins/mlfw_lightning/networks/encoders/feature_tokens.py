"""All columns of a row as tokens."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.encoders.encoder import Encoder, blocks_of
from mlfw_lightning.onnx_layers import add_module, weights
from mlfw_onnx import arrays

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor
    from mlfw_tabular import GraphFeatures


class FeatureTokens(Encoder):
    """The feature tokenizer of the FT-Transformer: one token a column, and one for the row.

    As in Gorishniy et al., Revisiting Deep Learning Models for Tabular Data (2021). What an
    encoder makes of a text or an image becomes a token by a linear layer.
    """

    def __init__(
        self,
        shape: InputShape,
        texts: Iterable[Encoder],
        images: Iterable[Encoder],
        *,
        width: int,
    ) -> None:
        """Take an encoder for each text and each image of the shape, in order.

        Args:
            shape: What the columns are.
            texts: Each makes float32 [rows, its width] of a text.
            images: Each makes the same of an image.
            width: Numbers of a token.
        """
        super().__init__()
        self.width = width
        self.row = nn.Parameter(_uniform(1, width))
        self.numbers = NumberTokens(shape.numbers, width) if shape.numbers else None
        self.categories = (
            CategoryTokens(shape.cardinalities, width) if shape.cardinalities else None
        )
        self.texts = nn.ModuleList(texts)
        self.images = nn.ModuleList(images)
        self.projections = nn.ModuleList(
            nn.Linear(encoder.width, width) for encoder in (*self.texts, *self.images)
        )

    def forward(self, inputs: Inputs) -> Tensor:
        """Return float32 [rows, 1 + columns, width]; the first token is the row's."""
        rows = inputs.numbers.shape[0]
        tokens = [self.row.expand(rows, 1, -1)]
        tokens += [self.numbers(inputs.numbers)] if self.numbers else []
        tokens += [self.categories(inputs.codes)] if self.categories else []
        others = zip(
            (*self.texts, *self.images),
            self.projections,
            (*inputs.texts, *inputs.images),
            strict=True,
        )
        tokens += [project(encode(column))[:, None] for encode, project, column in others]
        return torch.cat(tokens, dim=1)

    def add_to_graph(self, features: GraphFeatures) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        row = weights(self.row, features.numbers)
        rows = arrays.zeros_like(features.numbers[:, :0], row.dtype)
        tokens = [arrays.sum(rows, axis=1, keepdims=True)[:, None] + row]
        tokens += [add_module(self.numbers, features.numbers)] if self.numbers else []
        tokens += [add_module(self.categories, features.codes)] if self.categories else []
        others = zip(
            (*self.texts, *self.images),
            self.projections,
            (*features.tokens, *features.images),
            strict=True,
        )
        tokens += [
            add_module(project, add_module(encode, column))[:, None]
            for encode, project, column in others
        ]
        return arrays.concatenate(tokens, axis=1)

    def blocks(self) -> list[nn.Module]:
        """Return the blocks of all encoders, side by side."""
        shallow = [part for part in (self.numbers, self.categories) if part]
        own = [nn.ParameterList([self.row]), *shallow, *self.projections]
        return blocks_of([*self.texts, *self.images], own)


class NumberTokens(nn.Module):
    """A vector for each number, scaled by it, and one that is added."""

    def __init__(self, numbers: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(_uniform(numbers, width))
        self.bias = nn.Parameter(_uniform(numbers, width))

    def forward(self, numbers: Tensor) -> Tensor:
        """Return float32 [rows, numbers, width] for float32 [rows, numbers]."""
        return numbers[..., None] * self.weight + self.bias

    def add_to_graph(self, numbers: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        scaled = numbers[:, :, None] * weights(self.weight, numbers)
        return scaled + weights(self.bias, numbers)


class CategoryTokens(nn.Module):
    """A vector for each code of each category, and one of each category that is added."""

    offsets: Tensor

    def __init__(self, cardinalities: tuple[int, ...], width: int) -> None:
        super().__init__()
        codes = sum(cardinalities)
        self.codes = nn.Embedding(codes, width, _weight=_uniform(codes, width))
        self.bias = nn.Parameter(_uniform(len(cardinalities), width))
        offsets = torch.tensor([0, *accumulate(cardinalities)][:-1], dtype=torch.int32)
        self.register_buffer("offsets", offsets, persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return float32 [rows, categories, width] for int32 [rows, categories]."""
        vectors: Tensor = self.codes(codes + self.offsets)
        return vectors + self.bias

    def add_to_graph(self, codes: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        vectors = add_module(self.codes, codes + weights(self.offsets, codes))
        return vectors + weights(self.bias, codes)


def _uniform(rows: int, width: int) -> Tensor:
    """Return vectors of such numbers as a linear layer with `width` inputs starts with."""
    return torch.empty(rows, width).uniform_(-(width**-0.5), width**-0.5)
