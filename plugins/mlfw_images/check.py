"""Telling an image from what is none, by its header, before anything decodes it."""

from __future__ import annotations

from io import BytesIO

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
MOST_PIXELS = 50_000_000  # as many as preparing an image takes


def fault(content: bytes) -> str:
    """Return why a file's content is no image that can be used; empty where it is one.

    Only the header is read, and a PNG's checksums; no pixel is decoded. An image of more than 50
    million pixels is refused: a file of a few kilobytes can claim so many,
    and would fill the memory.
    """
    from PIL import Image, UnidentifiedImageError

    if not content:
        return "the file is empty"
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                return f"too large, {width} x {height} pixels"
            image.verify()
    except Image.DecompressionBombError:
        return f"too large, more than {MOST_PIXELS // 10**6} million pixels"
    except UnidentifiedImageError:
        return "not a PNG, JPEG, GIF, BMP, WebP, TIFF or PPM image"
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to.
        return f"damaged ({error})"
    return ""
