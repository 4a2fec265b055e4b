"""Transformer blocks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from mlfw_lightning.onnx_layers import add_module
from mlfw_onnx import arrays

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor


class ReGLU(nn.Module):
    """One half of the numbers, gated by the positive part of the other; Shazeer 2020."""

    def forward(self, x: Tensor) -> Tensor:
        """Return half as many numbers."""
        values, gates = x.chunk(2, dim=-1)
        return values * functional.relu(gates)

    def add_to_graph(self, x: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        values, gates = arrays.split(x, 2, axis=-1)
        return values * arrays.maximum(gates, 0)


class Attention(nn.Module):
    """Multi-head attention of Vaswani et al., Attention Is All You Need (2017)."""

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.queries = nn.Linear(width, width)
        self.keys_values = nn.Linear(width, 2 * width)
        self.joined = nn.Linear(width, width)

    def forward(self, x: Tensor, asking: Tensor, there: Tensor | None) -> Tensor:
        """Return what tokens learn from others.

        Args:
            x: The tokens that are asked, float [rows, tokens, width].
            asking: The tokens that ask, float [rows, asking, width].
            there: Which tokens may be asked, bool [rows, tokens]; None for all.

        Returns:
            float [rows, asking, width].
        """
        keys, values = self.keys_values(x).chunk(2, dim=-1)
        found = functional.scaled_dot_product_attention(
            self._divided(self.queries(asking)),
            self._divided(keys),
            self._divided(values),
            attn_mask=None if there is None else there[:, None, None, :],
            dropout_p=self.dropout if self.training else 0.0,
        )
        joined: Tensor = self.joined(found.transpose(1, 2).flatten(2))
        return joined

    def add_to_graph(
        self, x: GraphTensor, asking: GraphTensor, there: GraphTensor | None = None
    ) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        width = self.queries.out_features
        each = width // self.heads

        def divided(x: GraphTensor, *axes: int) -> GraphTensor:
            return arrays.transpose(x.reshape(0, 0, self.heads, each), axes)

        keys, values = arrays.split(add_module(self.keys_values, x), 2, axis=-1)
        queries = add_module(self.queries, asking) * (1 / math.sqrt(each))
        scores = divided(queries, 0, 2, 1, 3) @ divided(keys, 0, 2, 3, 1)
        if there is not None:
            scores = arrays.where(there[:, None, None], scores, -math.inf)
        found = arrays.softmax(scores) @ divided(values, 0, 2, 1, 3)
        joined = arrays.transpose(found, (0, 2, 1, 3)).reshape(0, 0, width)
        return add_module(self.joined, joined)

    def _divided(self, x: Tensor) -> Tensor:
        """Return [rows, heads, tokens, width / heads]."""
        rows, tokens, width = x.shape
        return x.view(rows, tokens, self.heads, width // self.heads).transpose(1, 2)


class Block(nn.Module):
    """Attention, then two layers for each token, with ways around both.

    The norms come first, as in Xiong et al., On Layer Normalization in the Transformer
    Architecture (2020).
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int,
        dropout: float,
        hidden: int,
        activation: nn.Module,
        norm: bool = True,
        first_alone: bool = False,
    ) -> None:
        """Build it.

        Args:
            width: Numbers of a token.
            heads: How many attentions there are; they share the width.
            dropout: Share of attention, hidden units and results left out in training.
            hidden: Units of the hidden layer.
            activation: What follows the hidden layer; ReGLU takes twice the units.
            norm: Whether the attention has a norm before it.
            first_alone: Whether only the first token goes on.
        """
        super().__init__()
        self.first_alone = first_alone
        self.attention_norm = nn.LayerNorm(width) if norm else nn.Identity()
        self.attention = Attention(width, heads=heads, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        gates = 2 if isinstance(activation, ReGLU) else 1
        self.hidden = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, gates * hidden),
            activation,
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor, there: Tensor | None = None) -> Tensor:
        """Return float [rows, tokens or 1, width].

        Args:
            x: float [rows, tokens, width].
            there: Which tokens are no padding, bool [rows, tokens]; None for all.
        """
        normed = self.attention_norm(x)
        asking = normed
        if self.first_alone:
            x, asking = x[:, :1], normed[:, :1]
        x = x + self.dropout(self.attention(normed, asking, there))
        passed: Tensor = x + self.hidden(x)
        return passed

    def add_to_graph(self, x: GraphTensor, there: GraphTensor | None = None) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        normed = add_module(self.attention_norm, x)
        asking = normed
        if self.first_alone:
            x, asking = x[:, :1], normed[:, :1]
        x = x + self.attention.add_to_graph(normed, asking, there)
        return x + add_module(self.hidden, x)
