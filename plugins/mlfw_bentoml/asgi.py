"""The app of `mlfw serve`, made anew in every process that answers."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw_bentoml.service import model_service
from mlfw_service import ServedModels, ServiceOptions

if TYPE_CHECKING:
    from mlfw_service import ServiceState


def app(state: ServiceState | None = None) -> Any:
    """Return the ASGI app of the models and the options that the environment names.

    Args:
        state: The state of the process, for whoever runs it.
    """
    served = ServedModels.load(Path(os.environ["MLFW_SERVE_MODELS"]))
    options = ServiceOptions.load(Path(os.environ["MLFW_SERVE_OPTIONS"]))
    _log_to_terminal()
    return model_service(served, options, state).to_asgi()


def _log_to_terminal() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler])
