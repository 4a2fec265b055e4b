"""The service: an ASGI application that answers requests with a saved model's predictions.

Deployers build on `service_app` (the application) and `ServiceOptions` (its limits and switches).
It knows no server and no packaging; `mlfw_bentoml` brings both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw_service.options import ServiceOptions

if TYPE_CHECKING:
    from mlfw_service.app import service_app
    from mlfw_service.openapi import openapi_document

HEAVY = {"service_app": "mlfw_service.app", "openapi_document": "mlfw_service.openapi"}


def __getattr__(name: str) -> Any:
    """Import what is heavy once it is asked for."""
    from importlib import import_module

    if name in HEAVY:
        return getattr(import_module(HEAVY[name]), name)
    raise AttributeError(f"module 'mlfw_service' has no attribute '{name}'")


__all__ = ["ServiceOptions", "openapi_document", "service_app"]
