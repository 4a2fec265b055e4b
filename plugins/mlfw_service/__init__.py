"""The service: an ASGI application that answers requests with a saved model's predictions.

Deployers build on `service_app` (the application), `ServedModels` (which models it has),
`ServiceOptions` (its limits and switches), `LateApp` (an application that is made when it is first
asked) and `run_server` or `run_workers` (uvicorn with limits for connections). It knows no
packaging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_service.options import ServiceOptions, Unknown, check_hosts

if TYPE_CHECKING:
    from mlfw_service.app import service_app
    from mlfw_service.guard.access import own_names
    from mlfw_service.guard.protocol import protect_uvicorn
    from mlfw_service.guard.server import orderly_end, run_server, run_workers
    from mlfw_service.guard.state import ServiceState
    from mlfw_service.late import LateApp
    from mlfw_service.openapi import example_row, openapi_document
    from mlfw_service.versions.served import ServedModels
    from mlfw_service.watch.log import check_log

HEAVY = {
    "LateApp": "mlfw_service.late",
    "ServedModels": "mlfw_service.versions.served",
    "ServiceState": "mlfw_service.guard.state",
    "example_row": "mlfw_service.openapi",
    "check_log": "mlfw_service.watch.log",
    "openapi_document": "mlfw_service.openapi",
    "orderly_end": "mlfw_service.guard.server",
    "own_names": "mlfw_service.guard.access",
    "protect_uvicorn": "mlfw_service.guard.protocol",
    "run_server": "mlfw_service.guard.server",
    "run_workers": "mlfw_service.guard.server",
    "service_app": "mlfw_service.app",
}


def __getattr__(name: str) -> Any:
    """Import what is heavy once it is asked for."""
    from importlib import import_module

    if name in HEAVY:
        return getattr(import_module(HEAVY[name]), name)
    raise AttributeError(f"module 'mlfw_service' has no attribute '{name}'")


__all__ = [
    "LateApp",
    "ServedModels",
    "ServiceOptions",
    "ServiceState",
    "Unknown",
    "check_hosts",
    "check_log",
    "example_row",
    "openapi_document",
    "orderly_end",
    "own_names",
    "protect_uvicorn",
    "run_server",
    "run_workers",
    "service_app",
]
