"""Networks for images or texts, with all other columns beside them."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from mlfw_lightning.network import InputShape
from mlfw_lightning.networks.encoders.columns import Columns
from mlfw_lightning.networks.encoders.encoder import Encoder
from mlfw_lightning.networks.fusion import Fusion

HIDDEN = 128


class Beside(Fusion):
    """Encoders side by side; where there are several columns, a hidden layer joins them."""

    def __init__(
        self,
        shape: InputShape,
        texts: Iterable[Encoder],
        images: Iterable[Encoder],
        *,
        dropout: float,
    ) -> None:
        """Take an encoder for each text and each image of the shape, in order.

        Args:
            shape: What goes in and comes out.
            texts: Each makes float32 [rows, its width] of a text.
            images: Each makes the same of an image.
            dropout: Share of the features left out in training.
        """
        columns = Columns(shape, texts, images)
        body: list[nn.Module] = [nn.Dropout(dropout)]
        width = columns.width
        numbers = shape.numbers + len(shape.cardinalities)
        if numbers + len(shape.texts) + len(shape.images) > 1:
            body = [nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU()), *body]
            width = HIDDEN
        super().__init__(columns, nn.Sequential(*body), width=width, outputs=shape.outputs)
