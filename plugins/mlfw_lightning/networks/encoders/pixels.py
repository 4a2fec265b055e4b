"""Images as their pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mlfw_lightning.network import ImageShape
from mlfw_lightning.networks.encoders.encoder import Encoder
from mlfw_lightning.onnx_layers import add_module, weights

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor


class Normalise(nn.Module):
    """Gives each channel of an image mean 0 and deviation 1, as in the training images."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        for name in ("mean", "deviation"):
            values = torch.tensor(getattr(shape, name))[:, None, None]
            self.register_buffer(name, values, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 for pixels, uint8 [rows, channels, height, width]."""
        return (images - self.mean) / self.deviation

    def add_to_graph(self, images: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        pixels = images.cast("float32")
        return (pixels - weights(self.mean, pixels)) / weights(self.deviation, pixels)


class Pixels(Encoder):
    """An image's normalised pixels in a row."""

    def __init__(self, shape: ImageShape) -> None:
        super().__init__()
        self.width = math.prod(shape.size)
        self.normalise = Normalise(shape)

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 [rows, width] for pixels, uint8 [rows, channels, height, width]."""
        normalised: Tensor = self.normalise(images)
        return normalised.flatten(1)

    def add_to_graph(self, images: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        return add_module(self.normalise, images).reshape(0, self.width)
