"""The model `resnet`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlfw import limits, search
from mlfw_lightning.network import InputShape, Network

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class ResNet(Network):
    """A residual network on tables: blocks of a norm and two layers, each with a way around it.

    Of Gorishniy et al., Revisiting Deep Learning Models for Tabular Data (2021), with layer in
    place of batch normalisation, which does not depend on the batch. Numbers are scaled, categories
    embedded; of a text it takes the mean of its embedded words, of an image what a small residual
    network of convolutions makes of it.

    Attributes:
        width: Numbers that pass from block to block.
        depth: How many blocks.
        hidden: How many times as many units a block has inside.
        dropout: Share of those units left out in each training step.
    """

    width: int = field(default=128, metadata=limits(minimum=1) | search(32, 512, log=True))
    depth: int = field(default=3, metadata=limits(minimum=1) | search(1, 6))
    hidden: float = field(default=2.0, metadata=limits(above=0) | search(1.0, 4.0))
    dropout: float = field(default=0.1, metadata=limits(minimum=0, below=1) | search(0.0, 0.5))
    learning_rate: float = field(
        default=1e-3, metadata=limits(above=0) | search(1e-5, 1e-2, log=True)
    )

    def build(self, shape: InputShape) -> nn.Module:
        """Return a fresh network."""
        from mlfw_lightning.networks.tabular_resnet import TabularResNet

        return TabularResNet(
            shape,
            width=self.width,
            depth=self.depth,
            hidden=max(round(self.hidden * self.width), 1),
            dropout=self.dropout,
        )
