"""How a pretrained encoder wants its images: its image processor, without torchvision."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw_transformers.settings import CODE, TYPE

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

PROCESSOR = "preprocessor_config.json"
CLASS = "image_processor_type"
OLD_CLASS = "feature_extractor_type"
USUAL = "ViTImageProcessor"
LARGEST = 4096
# What is done in the network.
LATER = ("do_rescale", "do_normalize", "include_top")


def read_processor(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what shapes an encoder's image processor, its class among it.

    Without `preprocessor_config.json` it is the usual one of the encoder's kind, for images of
    the size that the encoder was made for.

    Args:
        folder: The encoder's.
        settings: The encoder's, from `config.json`.

    Raises:
        UserError: The file cannot be read, or asks for code.
    """
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

    usual = IMAGE_PROCESSOR_MAPPING_NAMES.get(settings[TYPE], {}).get("pil") or USUAL
    path = folder / PROCESSOR
    if not path.exists():
        return {CLASS: usual, **_for_size(usual, settings.get("image_size"))}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read: {error}.", "Save it again.") from None
    if not isinstance(data, Mapping):
        raise UserError(f"{path}: expected keys with values, found {data!r:.40}.")
    if code := [key for key in CODE if key in data]:
        raise UserError(f"{path}: {code[0]}: needs code of its own, which is never run.")
    name = data.get(CLASS) or data.get(OLD_CLASS) or usual
    given = {key: value for key, value in data.items() if not key.startswith("_")}
    return {**given, CLASS: str(name).replace("FeatureExtractor", "ImageProcessor")}


def _for_size(name: str, side: Any) -> dict[str, Any]:
    """Return the options for images of a size, as a class of image processors takes them."""
    if not side:
        return {}
    height, width = side if isinstance(side, list | tuple) else (side, side)
    both = {"height": height, "width": width}
    usual = _class(name)
    shortest = "shortest_edge" in (getattr(usual, "size", None) or {})
    crop = {"crop_size": both} if getattr(usual, "crop_size", None) else {}
    return {"size": {"shortest_edge": min(height, width)} if shortest else both, **crop}


class Processor:
    """An image processor of the `transformers` library, of those that need no torchvision.

    Attributes:
        data: What shapes it; see `read_processor`.
        shape: Channels, height and width of what it makes.
        mean: Of each channel: what becomes 0.
        deviation: Of each channel: what becomes 1 more than the mean.
    """

    def __init__(self, data: Mapping[str, Any], channels: int) -> None:
        """Build it.

        Args:
            data: See `read_processor`.
            channels: Of the images it is given: 1 or 3.

        Raises:
            UserError: It is not known, needs torchvision, or does more than to resize, crop and
                scale to one size.
        """
        import numpy as np

        self.data = dict(data)
        self.channels = channels
        if large := [size for size in _sizes(self.data) if size > LARGEST]:
            raise self._error(f"{large[0]} pixels a side; at most {LARGEST} are taken")
        options = {key: value for key, value in self.data.items() if key not in (CLASS, OLD_CLASS)}
        try:
            self._own = _class(self.data[CLASS])(**options)
            with np.errstate(all="ignore"):  # what is no number is refused
                self.shape, self.mean, self.deviation = self._learnt()
        except UserError:
            raise
        except Exception as error:
            problem = str(error) or type(error).__name__
            raise self._error(problem.splitlines()[0].rstrip(".")) from None

    def resized(self, image: Image) -> np.ndarray:
        """Return an image resized and cropped, not scaled, uint8 [channels, height, width]."""
        plain = {key: False for key in LATER if hasattr(self._own, key)}
        made: np.ndarray = self._own(image, **plain)["pixel_values"][0]
        return made

    def scaled(self, image: Image) -> np.ndarray:
        """Return an image as the processor makes it, float32 [channels, height, width]."""
        made: np.ndarray = self._own(image)["pixel_values"][0]
        return made

    def _learnt(self) -> tuple[tuple[int, int, int], tuple[float, ...], tuple[float, ...]]:
        """Return shape, mean and deviation, from what it makes of a black and a white image.

        Each class has options of its own, but all that is taken scales each channel evenly.
        """
        import numpy as np

        wide, tall = (self._grey(0, size) for size in ((64, 48), (48, 64)))
        if self.scaled(wide).shape != self.scaled(tall).shape:
            raise self._error("makes images of several sizes")
        black, grey, white = (self._centre(shade) for shade in (0, 128, 255))
        plain = self.resized(self._grey(128, (64, 48)))
        even = np.allclose(grey, black + (white - black) * 128 / 255, atol=1e-4)
        if not even or not (white - black).all() or plain.dtype != np.uint8:
            raise self._error("does more than to resize, crop and scale")
        deviation = 255 / (white - black)
        mean = -black * deviation
        channels, height, width = plain.shape
        return (channels, height, width), tuple(mean.tolist()), tuple(deviation.tolist())

    def _centre(self, shade: int) -> np.ndarray:
        """Return what becomes of a shade, float64 [channels]; a crop may add edges."""
        made = self.scaled(self._grey(shade, (64, 64)))
        centre: np.ndarray = made[:, made.shape[1] // 2, made.shape[2] // 2].astype("float64")
        return centre

    def _grey(self, shade: int, size: tuple[int, int]) -> Image:
        from PIL import Image

        return Image.new("L", size, shade).convert("L" if self.channels == 1 else "RGB")

    def _error(self, problem: str) -> UserError:
        return UserError(
            f"the encoder's image processor ({self.data[CLASS]}): {problem}.",
            f"Correct {PROCESSOR}, or choose another encoder.",
        )


def _class(name: str) -> Any:
    """Return a class of image processors by its name, of those that need no torchvision."""
    from transformers.image_processing_backends import PilBackend
    from transformers.models.auto.image_processing_auto import get_image_processor_class_from_name

    name = name.removesuffix("Pil").removesuffix("Fast")
    found = get_image_processor_class_from_name(f"{name}Pil")
    if not isinstance(found, type) or not issubclass(found, PilBackend):
        raise UserError(
            f"the encoder's image processor ({name}): not known, or only with torchvision.",
            "Choose another encoder.",
        )
    return found


def _sizes(value: Any) -> Iterator[int | float]:
    """Yield the numbers that are or lie under keys of size."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item) if "size" in str(key) else _sizes(item)


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float):
        yield value
