"""Models of the `transformers` library: what they read, and how one is built."""

from __future__ import annotations

import inspect
from typing import Any

from mlfw import Kind, UserError
from mlfw.errors import listing
from mlfw_transformers.settings import TYPE


def reads(settings: dict[str, Any]) -> Kind:
    """Return what an encoder reads: `Kind.text` or `Kind.image`.

    Args:
        settings: See `check_settings`.

    Raises:
        UserError: It reads neither, or needs both at once.
    """
    from transformers import CONFIG_MAPPING, MODEL_MAPPING

    kind = settings[TYPE]
    classes = MODEL_MAPPING.get(CONFIG_MAPPING[kind], None)
    model = classes[0] if isinstance(classes, tuple | list) else classes
    given = inspect.signature(model.forward).parameters if model else {}
    if "input_ids" in given and "pixel_values" not in given:
        return Kind.text
    if "pixel_values" in given and "input_ids" not in given:
        return Kind.image
    raise UserError(
        f"the encoder's settings: {TYPE}={kind}: reads neither texts nor images by themselves.",
        "Choose an encoder of texts, such as bert, or of images, such as vit.",
    )


def bare_model(settings: dict[str, Any]) -> Any:
    """Return a model of the `transformers` library without a head, its weights random.

    Raises:
        UserError: The settings do not fit together.
    """
    from transformers import AutoConfig, AutoModel

    options = {key: value for key, value in settings.items() if key != TYPE}
    try:
        config = AutoConfig.for_model(settings[TYPE], **options)
        model = AutoModel.from_config(config, trust_remote_code=False)
    except Exception as error:
        raise settings_error(error) from None
    # It summarises an input in a way of its own, which nothing here would ever train.
    pooler = getattr(model, "pooler", None)
    if pooler is not None and next(pooler.parameters(), None) is not None:
        model.pooler = None
    return model.float()


def settings_error(error: Exception) -> UserError:
    """Return the error about settings from which no encoder can be built."""
    return UserError(
        f"the encoder's settings: {listing(str(error).rstrip('.').splitlines()[:2])}.",
        "Save the encoder again, or choose another.",
    )
