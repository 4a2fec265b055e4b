"""Images."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, limits
from mlfw.schema.cast import CastError
from mlfw_tabular.prepare.augment import Augmentation
from mlfw_tabular.prepare.decode import (
    COLOUR,
    GREY,
    ImageError,
    is_grey,
    opened,
    pixels,
    upright_size,
)
from mlfw_tabular.prepare.encoder import Audience, Encoder, Output
from mlfw_tabular.prepare.pieces import misfit_error

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

USUAL_SIDE = 64
SAMPLE_IMAGES = 1000
SAMPLE_BYTES = 1 << 24
PIXELS_AT_ONCE = 1 << 22
DECODERS = 2


@dataclass(frozen=True, kw_only=True)
class ImageOptions(Augmentation):
    """How an image is prepared.

    Attributes:
        height: To how many pixels it is resized; null for the most common size in training if
            that is at most 64 x 64, else 64.
        width: The same across.
        channels: 1 for grey, 3 for colours; null for 1 where all training images are grey.
    """

    height: int | None = field(default=None, metadata=limits(minimum=1, maximum=4096))
    width: int | None = field(default=None, metadata=limits(minimum=1, maximum=4096))
    channels: int | None = None

    def __post_init__(self) -> None:
        """Check what limits cannot say.

        Raises:
            ValueError: The channels are not 1 or 3.
        """
        if self.channels not in (None, GREY, COLOUR):
            raise ValueError(f"channels: expected 1 or 3, found {self.channels}")


@dataclass(frozen=True, kw_only=True)
class ImageEncoder(Encoder):
    """An image: its pixels, for networks; a missing one is the mean colour of training images.

    Attributes:
        column: The column's name.
        shape: Channels, height and width.
        mean: Of each channel in training, 0 to 255.
        deviation: Of each channel in training.
        augmentation: How training images are varied, as options of `Augmentation`.
    """

    name: ClassVar[str] = "image"
    output: ClassVar[Output] = Output.images
    audience: ClassVar[Audience] = Audience.networks
    input_type: ClassVar[str] = "uint8"

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    augmentation: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(cls, column: Column, values: pa.ChunkedArray, options: ImageOptions) -> ImageEncoder:
        """Learn size, channels, mean and deviation from up to 1000 training images."""
        import numpy as np

        step = -(-len(values) // SAMPLE_IMAGES) or 1
        rows = [row for row in range(0, len(values), step) if values[row].is_valid]
        contents = [values[row].as_py() for row in rows]
        shape = _shape(column.name, contents, rows, options)
        contents = contents[: max(SAMPLE_BYTES // math.prod(shape), 1)]
        try:
            sample = _decoded(contents, lambda content: pixels(content, *shape), np.zeros(shape))
        except CastError as misfit:
            raise misfit_error(column.name, rows[misfit.row], misfit) from None
        values_of = sample.transpose(1, 0, 2, 3).reshape(shape[0], -1)
        found = values_of.size > 0
        mean = values_of.mean(axis=1) if found else np.zeros(shape[0])
        deviation = values_of.std(axis=1) if found else np.ones(shape[0])
        return cls(
            column=column.name,
            shape=shape,
            mean=tuple(mean.tolist()),
            deviation=tuple(np.where(deviation > 1e-6, deviation, 1.0).tolist()),
            augmentation=options.chosen(),
        )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return self.shape

    def input_notes(self) -> dict[str, Any]:
        """Return what the pixels are."""
        channels, height, width = self.shape
        colours = "red, green and blue" if channels == COLOUR else "grey"
        return {
            "holds": f"an image as {colours} from 0 to 255, resized to {width} x {height} pixels",
            "missing": [round(mean) for mean in self.mean],
        }

    @property
    def reader(self) -> str:
        """What a network must know to read the pixels beside their shape; often nothing."""
        return ""

    @property
    def rows_at_once(self) -> int:
        """As many as make four million pixels."""
        return max(PIXELS_AT_ONCE // math.prod(self.shape), 1)

    def read(self, values: pa.Array) -> np.ndarray:
        """Return the pixels, uint8 [rows, channels, height, width].

        Raises:
            CastError: An image cannot be read.
        """
        import numpy as np

        mean = np.clip(np.rint(np.asarray(self.mean)), 0, 255)[:, None, None]
        return _decoded(values.to_pylist(), self.pixels, np.broadcast_to(mean, self.shape))

    def pixels(self, content: bytes) -> np.ndarray:
        """Return the pixels of one image, uint8 [channels, height, width].

        Raises:
            ImageError: It cannot be read.
        """
        return pixels(content, *self.shape)

    def constants(self) -> dict[str, np.ndarray]:
        """Return mean and deviation, [channels, 1, 1]."""
        import numpy as np

        return {
            "mean": np.asarray(self.mean, np.float64).reshape(-1, 1, 1),
            "deviation": np.asarray(self.deviation, np.float64).reshape(-1, 1, 1),
        }


@dataclass(frozen=True, kw_only=True)
class PixelEncoder(ImageEncoder):
    """An image: its pixels, normalised, one number each, for estimators."""

    name: ClassVar[str] = "pixels"
    output: ClassVar[Output] = Output.numbers
    audience: ClassVar[Audience] = Audience.estimators

    @property
    def features(self) -> tuple[str, ...]:
        """The pixels, channel after channel, row after row."""
        channels, height, width = self.shape
        return tuple(
            f"{self.column} pixel {channel} {y} {x}"
            for channel in range(channels)
            for y in range(height)
            for x in range(width)
        )

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """Subtract the mean, divide by the deviation, and lay all pixels in a row."""
        channels, height, width = self.shape
        normalised = (x - constants["mean"]) / constants["deviation"]
        return normalised.reshape(x.shape[0], 1, channels * height * width)


def fit_image(
    column: Column, values: pa.ChunkedArray, options: ImageOptions
) -> tuple[ImageEncoder, PixelEncoder]:
    """Return the encoders for networks and for estimators."""
    image = ImageEncoder.fit(column, values, options)
    pixel = PixelEncoder(
        column=image.column, shape=image.shape, mean=image.mean, deviation=image.deviation
    )
    return image, pixel


def _shape(
    name: str, contents: list[bytes], rows: list[int], options: ImageOptions
) -> tuple[int, int, int]:
    sizes: Counter[tuple[int, int]] = Counter()
    grey = bool(contents)
    for content, row in zip(contents, rows, strict=True):
        try:
            image = opened(content)
        except ImageError as error:
            raise misfit_error(name, row, CastError(row, str(error))) from None
        sizes[upright_size(image)] += 1
        grey = grey and is_grey(image)
    usual = min(sizes, key=lambda size: (-sizes[size], size), default=(USUAL_SIDE, USUAL_SIDE))
    height, width = usual if max(usual) <= USUAL_SIDE else (USUAL_SIDE, USUAL_SIDE)
    channels = options.channels or (GREY if grey else COLOUR)
    return channels, options.height or height, options.width or width


def _decoded(
    contents: list[bytes | None], read: Callable[[bytes], np.ndarray], missing: np.ndarray
) -> np.ndarray:
    """Return pixels, uint8 [rows, channels, height, width]; `missing` where there are none."""
    import numpy as np

    out = np.empty((len(contents), *missing.shape), np.uint8)

    def decode(row: int) -> None:
        content = contents[row]
        try:
            out[row] = missing if content is None else read(content)
        except ImageError as error:
            raise CastError(row, str(error)) from None

    if len(contents) <= DECODERS:
        for row in range(len(contents)):
            decode(row)
        return out
    with ThreadPoolExecutor(DECODERS) as pool:  # Pillow decodes without Python's lock
        for _ in pool.map(decode, range(len(contents))):
            pass
    return out
