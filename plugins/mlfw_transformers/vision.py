"""Images by a pretrained encoder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from mlfw import Kind, UserError
from mlfw_lightning import ImageShape, Normalise
from mlfw_transformers.bare import settings_error
from mlfw_transformers.encoder import PretrainedEncoder
from mlfw_transformers.settings import TYPE


class VisionEncoder(PretrainedEncoder):
    """A backbone of the `transformers` library: one vector an image."""

    def __init__(self, shape: ImageShape, pooling: str) -> None:
        """Build it with random weights.

        Args:
            shape: Of the image; its reader is the encoder's settings.
            pooling: `mean` or `first`; see `Pooling`. Convolutions have their own mean.

        Raises:
            UserError: The settings shape no encoder of images of this shape.
        """
        super().__init__(shape.reader, Kind.image)
        self.pooling = pooling
        self.normalise = Normalise(shape)
        found = self._try(shape)
        self.width = found.shape[1]
        used = {id(parameter) for parameter in _reached(found)}
        for parameter in self.model.parameters():
            # Such as the mask of an encoder's first training: processes that share the work would
            # wait for its gradient.
            parameter.requires_grad_(id(parameter) in used)

    def forward(self, images: Tensor) -> Tensor:
        """Return float32 [rows, width] for pixels, uint8 [rows, channels, height, width]."""
        output = self.model(pixel_values=self.normalise(images))
        hidden: Tensor = output.last_hidden_state
        if hidden.dim() == 4:
            pooled = getattr(output, "pooler_output", None)
            return hidden.mean(dim=(2, 3)) if pooled is None else pooled.flatten(1)
        return hidden[:, 0] if self.pooling == "first" else hidden.mean(dim=1)

    def _try(self, shape: ImageShape) -> Tensor:
        """Return what it makes of an image, [1, width]."""
        image = torch.arange(math.prod(shape.size)).remainder(256).to(torch.uint8)
        image = image.view(1, *shape.size)
        self.eval()
        try:
            with torch.enable_grad():
                found: Tensor = self(image)
                again = self(image)
        except Exception as error:
            raise settings_error(error) from None
        if not torch.allclose(found, again):
            raise UserError(
                f"the encoder's settings: {TYPE}={self.settings[TYPE]}: hides a random part of "
                "each image.",
                "Choose an encoder that sees all of it, such as vit.",
            )
        self.train()
        return found


def _reached(result: Tensor) -> Iterator[Any]:
    """Yield the parameters that a result was computed from."""
    waiting, seen = [result.grad_fn], set[Any]()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            yield node.variable
        waiting.extend(before for before, _ in node.next_functions)
