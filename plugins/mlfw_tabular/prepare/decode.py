"""Image files to pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from mlfw import UserError

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
MOST_PIXELS = 50_000_000  # more would take hundreds of megabytes for a single image
GREY, COLOUR = 1, 3
GREY_MODES = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L")


class ImageError(ValueError):
    """The bytes are no image that can be read."""


def opened(content: bytes) -> Image:
    """Return an image whose size and mode are known and whose pixels are not yet read.

    Raises:
        ImageError: It is no image, of no known format, or too large.
        UserError: Pillow is not installed.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError:
        raise UserError(
            "images: the package 'pillow' is not installed.", "Run: pip install 'mlfw[images]'"
        ) from None
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        raise ImageError(f"{len(content)} bytes that are no image") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(str(error)) from None
    if image.width * image.height > MOST_PIXELS:
        raise ImageError(f"an image of {image.width} x {image.height} pixels")
    return image


def is_grey(image: Image) -> bool:
    """Tell whether an image has no colours."""
    return image.mode in GREY_MODES


def upright_size(image: Image) -> tuple[int, int]:
    """Return height and width, as a camera held them."""
    turned = image.getexif().get(0x0112, 1) >= 5
    return (image.width, image.height) if turned else (image.height, image.width)


def pixels(content: bytes, channels: int, height: int, width: int) -> np.ndarray:
    """Return an image's pixels, uint8 [channels, height, width].

    It is resized with its whole area kept, by Pillow's bilinear filter; see also `upright`.

    Raises:
        ImageError: It cannot be read.
    """
    import numpy as np
    from PIL import Image

    image = upright(content, channels, height, width)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    array = np.asarray(image, np.uint8).reshape(height, width, channels)
    return array.transpose(2, 0, 1)


def upright(content: bytes, channels: int, height: int, width: int) -> Image:
    """Return an image turned upright, grey or in colours, on black where it is transparent.

    Args:
        content: Of its file.
        channels: 1 for grey, 3 for colours.
        height: To how many pixels it will be resized: a much larger one may come out smaller.
        width: The same across.

    Raises:
        ImageError: It cannot be read.
    """
    from PIL import Image, ImageOps

    image: Any = opened(content)
    try:
        image.draft("RGB" if channels == COLOUR else "L", (2 * width, 2 * height))
        image.load()
        image = ImageOps.exif_transpose(image)
        made: Image.Image = _flat(image).convert("RGB" if channels == COLOUR else "L")
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ImageError(str(error) or "a damaged image") from None
    return made


def _flat(image: Any) -> Any:
    """Return the image with 8 bits a channel and nothing transparent."""
    import numpy as np
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(image, np.float64))
        scale = 256.0 if values.max(initial=0) > 255 else 1.0
        return Image.fromarray(np.clip(values / scale, 0, 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    return image
