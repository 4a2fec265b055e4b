"""Varying training images, so that a network learns what does not matter."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from mlfw import limits

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How images are varied while a network is trained, each in its own way in every epoch.

    Attributes:
        shift: By up to which share of its height and width an image is moved; its edge pixels
            are repeated.
        crop: Up to which share of its height and width is cut off, and the rest enlarged.
        flip: Whether left and right may change places.
        flip_vertical: Whether top and bottom may change places.
        brightness: By up to which share an image is made darker or brighter.
    """

    shift: float = field(default=0.0, metadata=limits(minimum=0, maximum=1))
    crop: float = field(default=0.0, metadata=limits(minimum=0, below=1))
    flip: bool = False
    flip_vertical: bool = False
    brightness: float = field(default=0.0, metadata=limits(minimum=0, maximum=1))

    def chosen(self) -> dict[str, Any]:
        """Return the options of this class that are not at their defaults."""
        given = asdict(self)
        return {f.name: given[f.name] for f in fields(Augmentation) if given[f.name] != f.default}


def augment(images: np.ndarray, how: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Return each image varied in its own way.

    Shifts, crops and flips together are one look-up of the nearest pixels, as in Shorten and
    Khoshgoftaar, A survey on image data augmentation for deep learning (2019), sections on
    geometric and photometric transformations.

    Args:
        images: uint8 [rows, channels, height, width]; left as they are.
        how: What may vary.
        random: What decides; the same state gives the same images.

    Returns:
        uint8 [rows, channels, height, width].
    """
    import numpy as np

    if not how.chosen():
        return images
    rows, _, height, width = images.shape
    share = 1 - how.crop * random.random((rows,))
    y = _places(height, share, how.shift, how.flip_vertical, random)
    x = _places(width, share, how.shift, how.flip, random)
    varied = images[np.arange(rows)[:, None, None], :, y[:, :, None], x[:, None, :]]
    varied = varied.transpose(0, 3, 1, 2)
    if how.brightness:
        factor = 1 + how.brightness * random.uniform(-1, 1, (rows, 1, 1, 1))
        varied = np.clip(np.rint(varied * factor), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(varied)


def _places(
    size: int, share: np.ndarray, shift: float, flip: bool, random: np.random.Generator
) -> np.ndarray:
    """Return which line of an image stands at each place, int64 [rows, size]."""
    import numpy as np

    rows = len(share)
    start = (1 - share) * random.random((rows,)) * size
    moved = np.rint(random.uniform(-shift, shift, rows) * size) if shift else np.zeros(rows)
    middles = np.arange(size) + 0.5
    places = np.floor(start[:, None] + middles * share[:, None]) + moved[:, None]
    index = np.clip(places, 0, size - 1).astype(np.int64)
    turned = flip & (random.random((rows,)) < 0.5)
    turned_index: np.ndarray = np.where(turned[:, None], index[:, ::-1], index)
    return turned_index
