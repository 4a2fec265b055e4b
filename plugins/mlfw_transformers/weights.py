"""The weights that others have trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import nn

from mlfw import UserError
from mlfw.errors import listing
from mlfw_transformers.encoder import PretrainedEncoder
from mlfw_transformers.settings import CONFIG, read_settings

UNUSED = "pooler."


def load_encoders(network: nn.Module, folder: Path) -> None:
    """Give all pretrained encoders in a network the weights of a folder.

    Args:
        network: Changed in place.
        folder: Holds safetensors; names with and without a task's prefix are understood.

    Raises:
        UserError: The weights are damaged, or some are missing.
    """
    weights = _weights(folder)
    for module in network.modules():
        if isinstance(module, PretrainedEncoder):
            module.model.load_state_dict(weights)


def _weights(folder: Path) -> dict[str, Any]:
    from transformers import AutoConfig, AutoModel

    settings = read_settings(folder / CONFIG)
    kind = settings.pop("model_type")
    with _quiet():
        try:
            model, found = AutoModel.from_pretrained(
                folder,
                config=AutoConfig.for_model(kind, **settings),
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype="float32",
                output_loading_info=True,
            )
        except Exception as error:
            raise UserError(
                f"{folder}: its weights cannot be read: {str(error).splitlines()[0]}",
                "Copy the folder again, or save it again with save_pretrained.",
            ) from None
    missing = [name for name in found["missing_keys"] if not name.startswith(UNUSED)]
    if missing:
        raise UserError(
            f"{folder}: weights are missing: {listing(sorted(missing))}.",
            "Save it again with save_pretrained.",
        )
    state = model.state_dict()
    return {name: value for name, value in state.items() if not name.startswith(UNUSED)}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's bars and advice off the terminal."""
    from transformers.utils import logging

    level, shown = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
