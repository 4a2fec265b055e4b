"""The app of `mlfw serve`, made anew in every process that answers."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.pipeline.tables import keep_pandas_out
from mlfw.plugins import load_plugins
from mlfw_service import LateApp, ServedModels, ServiceOptions, protect_uvicorn, service_app

if TYPE_CHECKING:
    from mlfw_service import ServiceState


def app(state: ServiceState | None = None) -> Any:
    """Return the ASGI app of the models and the options that the environment names.

    BentoML's own paths, which its client asks for, are behind it: BentoML takes longer to import,
    and more memory, than all the rest, so it is imported when one of them is first asked for.

    Args:
        state: The state of the process, for whoever runs it.
    """
    served = ServedModels.load(Path(os.environ["MLFW_SERVE_MODELS"]))
    options = ServiceOptions.load(Path(os.environ["MLFW_SERVE_OPTIONS"]))
    _log_to_terminal()
    keep_pandas_out(load_plugins().infos)
    protect_uvicorn()

    def own_app() -> Any:
        from mlfw_bentoml.service import model_service

        return model_service(served, options).own_app()

    return service_app(served, options, rest=LateApp(own_app), state=state)


def _log_to_terminal() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler])
