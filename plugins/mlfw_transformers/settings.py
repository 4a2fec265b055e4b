"""The configuration of a pretrained encoder: data that is checked before anything is built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlfw import UserError
from mlfw.errors import listing

CONFIG = "config.json"
CODE = ("auto_map", "custom_pipelines", "trust_remote_code")
TYPE = "model_type"
# What would fetch kernels, or put weights into another form than plain float32.
LEFT_OUT = ("attn_implementation", "dtype", "torch_dtype", "architectures")


def read_settings(path: Path) -> dict[str, Any]:
    """Return what a configuration file says of an encoder.

    Raises:
        UserError: It cannot be read; see also `check_settings`.
    """
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: cannot be read: {error}.",
            "Name a folder that save_pretrained of the transformers library has written.",
        ) from None
    return check_settings(settings, str(path))


def check_settings(settings: Any, place: str) -> dict[str, Any]:
    """Return an encoder's settings without what would do more than shape it.

    Args:
        settings: What `config.json` holds.
        place: Where they come from, for messages.

    Raises:
        UserError: They ask for code, for weights that are not plain numbers, or for a kind of
            model that is unknown or no encoder.
    """
    from transformers import CONFIG_MAPPING

    if not isinstance(settings, Mapping):
        raise UserError(f"{place}: expected keys with values, found {settings!r:.40}.")
    found = sorted(set(_keys(settings)))
    if code := [key for key in found if key in CODE]:
        raise UserError(
            f"{place}: {listing(code)}: needs code of its own, which is never run.",
            "Choose an encoder of a kind that the transformers library has, such as bert.",
        )
    if "quantization_config" in found:
        raise UserError(
            f"{place}: quantization_config: its weights are not plain numbers.",
            "Choose the encoder in its original precision.",
        )
    kind = settings.get(TYPE)
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        raise UserError(
            f"{place}: {TYPE}: a kind of model that the transformers library does not know: "
            f"{kind!r}.",
            "Choose an encoder such as bert, or a newer transformers.",
        )
    if settings.get("is_encoder_decoder"):
        raise UserError(
            f"{place}: {TYPE}={kind}: has a decoder too; expected an encoder.",
            "Choose an encoder such as bert or vit.",
        )
    return dict(_plain(settings))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _plain(value: Any) -> Any:
    """Return settings without private keys and those in `LEFT_OUT`, at any depth."""
    if isinstance(value, Mapping):
        return {
            key: _plain(item)
            for key, item in value.items()
            if not str(key).startswith("_") and key not in LEFT_OUT
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value
