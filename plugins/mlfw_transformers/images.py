"""Images as a pretrained encoder wants them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, UserError
from mlfw_tabular import PREPARE_KEY, ImageEncoder, ImageError, column_options, upright
from mlfw_transformers.processor import Processor

if TYPE_CHECKING:
    import numpy as np

LONGEST = 50  # times the shorter side
FIXED = ("height", "width", "channels")


@dataclass(frozen=True, kw_only=True)
class ProcessedImageEncoder(ImageEncoder):
    """An image: its pixels, resized and cropped by the image processor of an encoder.

    Attributes:
        column: The column's name.
        shape: Channels, height and width.
        mean: Of each channel, as the encoder wants it, 0 to 255.
        deviation: Of each channel.
        augmentation: How training images are varied, as options of `Augmentation`.
        processor: What shapes the image processor: the content of `preprocessor_config.json`.
        settings: What shapes the encoder that reads them: the content of `config.json`.
    """

    name: ClassVar[str] = "processed_image"

    processor: str
    settings: str

    def input_notes(self) -> dict[str, Any]:
        """Return the image processor."""
        notes = super().input_notes()
        return {
            **notes,
            "holds": f"{notes['holds']} as the image processor (preprocessor_config.json) in the "
            "model's metadata resizes and crops",
            "processor": self.processor,
        }

    @classmethod
    def of(
        cls, column: Column, processor: Processor, settings: dict[str, Any]
    ) -> ProcessedImageEncoder:
        """Return the encoder of a column; nothing is learnt.

        Raises:
            UserError: The column's options ask for another size.
        """
        options = column_options(column)
        for option in FIXED:
            if getattr(options, option) is not None:
                raise UserError(
                    f"{PREPARE_KEY}.{column.name}.{option}: the encoder's image processor decides "
                    "it.",
                    "Leave it out.",
                )
        return cls(
            column=column.name,
            shape=processor.shape,
            mean=processor.mean,
            deviation=processor.deviation,
            augmentation=options.chosen(),
            processor=json.dumps(processor.data),
            settings=json.dumps(settings),
        )

    @property
    def reader(self) -> str:
        """The encoder's settings."""
        return self.settings

    @cached_property
    def _processor(self) -> Processor:
        return Processor(json.loads(self.processor), self.shape[0])

    def pixels(self, content: bytes) -> np.ndarray:
        """Return the pixels of one image, uint8 [channels, height, width].

        Raises:
            ImageError: It cannot be read.
        """
        image = upright(content, *self.shape)
        if max(image.size) > LONGEST * min(image.size):
            # Many an image processor makes the shorter side as long as the encoder's, then crops.
            raise ImageError(f"an image of {image.width} x {image.height} pixels, too narrow")
        return self._processor.resized(image)
