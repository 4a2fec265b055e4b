"""The model `cnn`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from mlfw import Kind, Schema, limits, search
from mlfw_lightning.network import InputShape, Network
from mlfw_lightning.networks.checks import check_has

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class CNN(Network):
    """A small residual network of convolutions for images, with all other columns beside it.

    Of He et al., Deep Residual Learning for Image Recognition (2016), with group in place of batch
    normalisation (Wu and He 2018), which does not depend on the batch. It takes images from 8 x 8
    to 224 x 224 pixels and more, grey or coloured. Where there are other columns, what it makes of
    each image is joined by a hidden layer with numbers, embedded categories and the mean of the
    embedded words of each text.

    Attributes:
        width: Channels of the first of three stages; the second has twice, the third four times
            as many.
        depth: Residual blocks of each stage.
        dropout: Share of the features before the last layer left out in each training step.
    """

    largest_batch: ClassVar[int] = 128

    width: int = field(default=16, metadata=limits(minimum=1) | search(8, 64, log=True))
    depth: int = field(default=1, metadata=limits(minimum=1) | search(1, 3))
    dropout: float = field(default=0.1, metadata=limits(minimum=0, below=1) | search(0.0, 0.5))
    learning_rate: float = field(
        default=2e-3, metadata=limits(above=0) | search(1e-4, 1e-2, log=True)
    )

    def check_schema(self, schema: Schema) -> None:
        """Check that there is an image."""
        check_has(schema, Kind.image)

    def build(self, shape: InputShape) -> nn.Module:
        """Return a fresh network."""
        from mlfw_lightning.networks.beside import Beside
        from mlfw_lightning.networks.encoders.image_resnet import ImageResNet
        from mlfw_lightning.networks.encoders.words import MeanOfWords

        images = [ImageResNet(image, width=self.width, depth=self.depth) for image in shape.images]
        return Beside(shape, map(MeanOfWords, shape.texts), images, dropout=self.dropout)
