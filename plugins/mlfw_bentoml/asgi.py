"""The app of `mlfw serve`, made anew in every process that answers."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlfw
from mlfw_bentoml.service import model_service
from mlfw_service import ServiceOptions

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel


def app(load: Callable[[Path], SavedModel] = mlfw.load) -> Any:
    """Return the ASGI app of the model and the options that the environment names."""
    folder = Path(os.environ["MLFW_SERVE_MODEL"])
    options = ServiceOptions.load(Path(os.environ["MLFW_SERVE_OPTIONS"]))
    _log_to_terminal()
    return model_service(folder, options, load).to_asgi()


def _log_to_terminal() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler])
