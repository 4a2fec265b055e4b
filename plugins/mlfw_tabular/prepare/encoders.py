"""The encoders there are, each imported when a column first needs it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from mlfw.plugins import load_plugins

if TYPE_CHECKING:
    from mlfw_tabular.prepare.encoder import Encoder

# Their names in a saved preprocessor, the modules they are in, and their classes.
ENCODERS = {
    "number": ("numbers", "NumberEncoder"),
    "boolean": ("booleans", "BooleanEncoder"),
    "datetime": ("datetimes", "DatetimeEncoder"),
    "category": ("categories", "CategoryEncoder"),
    "target": ("target_encoding", "TargetEncoder"),
    "tfidf": ("texts", "TfidfEncoder"),
    "hash": ("texts", "HashEncoder"),
    "tokens": ("tokens", "TokenEncoder"),
    "image": ("images", "ImageEncoder"),
    "pixels": ("images", "PixelEncoder"),
}


def encoder_of(name: str) -> type[Encoder]:
    """Return the class of an encoder by its name.

    Raises:
        KeyError: There is none of that name, in this plugin or another one.
    """
    if name not in ENCODERS:
        return _of_plugins()[name]
    module, encoder = ENCODERS[name]
    found: type[Encoder] = getattr(import_module(f"mlfw_tabular.prepare.{module}"), encoder)
    return found


def _of_plugins() -> dict[str, type[Encoder]]:
    """Return the encoders that other plugins add."""
    added = load_plugins().manager.hook.mlfw_tabular_encoders()
    return {name: encoder for each in added for name, encoder in each.items()}
