"""Images by a small residual network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from mlfw_lightning.network import ImageShape
from mlfw_lightning.networks.encoders.encoder import Encoder
from mlfw_lightning.networks.encoders.pixels import Normalise
from mlfw_lightning.onnx_layers import add_module
from mlfw_onnx import arrays

if TYPE_CHECKING:
    from mlfw_onnx import Tensor as GraphTensor

STAGES = 3
GROUP = 16
SMALL_SIDE = 64
BESIDE = 16


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, bias=False)


def _norm(channels: int) -> nn.GroupNorm:
    """Return a norm over groups of about 16 channels."""
    most = max(channels // GROUP, 1)
    return nn.GroupNorm(next(n for n in range(most, 0, -1) if channels % n == 0), channels)


class ResidualBlock(nn.Module):
    """Two convolutions, with a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            _convolution(inputs, outputs, 3, stride),
            _norm(outputs),
            nn.ReLU(inplace=True),
            _convolution(outputs, outputs, 3),
            _norm(outputs),
        )
        self.around = nn.Sequential()
        if stride > 1 or inputs != outputs:
            self.around.extend([_convolution(inputs, outputs, 1, stride), _norm(outputs)])

    def forward(self, x: Tensor) -> Tensor:
        """Return float [rows, outputs, height / stride, width / stride]."""
        return functional.relu(self.inner(x) + self.around(x))

    def add_to_graph(self, x: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        return arrays.maximum(add_module(self.inner, x) + add_module(self.around, x), 0)


class ImageResNet(Encoder):
    """A small residual network that ends with the mean over all places.

    As in He et al., Deep Residual Learning for Image Recognition (2016): for images of up to 64 x
    64 pixels as they did for CIFAR-10, for larger ones with their ImageNet beginning, which makes
    a quarter of height and width. In place of batch normalisation stands that of Wu and He, Group
    Normalization (2018): it does not depend on the batch, nor on how processes share it.
    """

    def __init__(self, shape: ImageShape, *, width: int, depth: int) -> None:
        """Build it.

        Args:
            shape: What the images are.
            width: Channels of the first of three stages; each further one has twice as many, and
                half the height and width.
            depth: Blocks of each stage.
        """
        super().__init__()
        self.width = width * 2 ** (STAGES - 1)
        self.normalise = Normalise(shape)
        channels, *sides = shape.size
        large = max(sides) > SMALL_SIDE
        self.stem = nn.Sequential(
            _convolution(channels, width, 7, 2) if large else _convolution(channels, width, 3),
            _norm(width),
            nn.ReLU(inplace=True),
        )
        if large:
            self.stem.append(nn.MaxPool2d(3, stride=2, padding=1))
        self.body = nn.Sequential()
        for number in range(STAGES):
            self.body.extend(_stage(width * 2**number, depth, first=number == 0))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # much faster

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 [rows, width] for pixels, uint8 [rows, channels, height, width]."""
        x = self.normalise(images).contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.body(self.stem(x))
        return maps.mean(dim=(2, 3))

    def add_to_graph(self, images: GraphTensor) -> GraphTensor:
        """Add to an ONNX graph what `forward` computes."""
        x = add_module(self.stem, add_module(self.normalise, images))
        maps = add_module(self.body, x)
        return arrays.mean(maps, axis=(2, 3))

    def blocks(self) -> list[nn.Module]:
        """Return the first convolution, then every residual block."""
        return [self.stem, *self.body]


def _stage(channels: int, depth: int, *, first: bool) -> list[nn.Module]:
    start = ResidualBlock(channels if first else channels // 2, channels, 1 if first else 2)
    return [start, *(ResidualBlock(channels, channels, 1) for _ in range(depth - 1))]


def images_beside(shapes: Iterable[ImageShape]) -> Iterator[ImageResNet]:
    """Return a narrow encoder for each image of a network that is made for other columns."""
    return (ImageResNet(shape, width=BESIDE, depth=1) for shape in shapes)
