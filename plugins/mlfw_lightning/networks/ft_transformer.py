"""The model `ft_transformer`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from mlfw import limits, search
from mlfw_lightning.network import InputShape, Network
from mlfw_lightning.networks.checks import check_heads

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class FTTransformer(Network):
    """The FT-Transformer: every column is a token, and a transformer relates them to each other.

    Of Gorishniy et al., Revisiting Deep Learning Models for Tabular Data (2021). Often the most
    accurate network on tables, and the slowest: its time grows with the square of the number of
    columns. A text's token comes from the mean of its embedded words, an image's from a small
    residual network of convolutions.

    Attributes:
        width: Numbers of a token; a multiple of heads.
        depth: How many transformer blocks.
        heads: How many attentions of a block there are.
        dropout: Share of attention and of units left out in each training step.
    """

    largest_batch: ClassVar[int] = 256

    width: int = field(
        default=64, metadata=limits(minimum=1) | search(choices=(32, 64, 96, 128, 192, 256))
    )
    depth: int = field(default=3, metadata=limits(minimum=1) | search(1, 4))
    heads: int = field(default=8, metadata=limits(minimum=1))
    dropout: float = field(default=0.1, metadata=limits(minimum=0, below=1) | search(0.0, 0.4))
    learning_rate: float = field(
        default=5e-4, metadata=limits(above=0) | search(1e-5, 3e-3, log=True)
    )

    def check(self) -> None:
        """Check that the heads can share the width."""
        super().check()
        check_heads(self.width, self.heads)

    def build(self, shape: InputShape) -> nn.Module:
        """Return a fresh network."""
        from mlfw_lightning.networks.feature_transformer import FeatureTransformer

        return FeatureTransformer(
            shape, width=self.width, depth=self.depth, heads=self.heads, dropout=self.dropout
        )
