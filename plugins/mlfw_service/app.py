"""The application: where routes and guards meet."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import mlfw
from mlfw_service.asgi import App, Receive, Scope, Send, as_json, respond
from mlfw_service.guard.access import Access
from mlfw_service.guard.access_log import AccessLog
from mlfw_service.guard.guard import HEALTH, Guard
from mlfw_service.routes.batch import Batch
from mlfw_service.routes.pages import page_routes
from mlfw_service.routes.predict import Predict
from mlfw_service.versions.counts import VersionCounts
from mlfw_service.versions.versions import Versions
from mlfw_service.watch.watch import Watch

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_service.guard.state import ServiceState
    from mlfw_service.options import ServiceOptions
    from mlfw_service.versions.served import ServedModels


def service_app(
    served: ServedModels,
    options: ServiceOptions,
    load: Callable[[Path], SavedModel] = mlfw.load,
    rest: App | None = None,
    state: ServiceState | None = None,
) -> App:
    """Return the ASGI application that serves saved models.

    The models are loaded once the server has started; until then, requests are answered with 503.

    Args:
        served: The models, and which of them answers what.
        options: How they are run.
        load: Loads a saved model.
        rest: Answers the paths that the service does not know, and takes part in its start and its
            end; answered with 404 where left out.
        state: The state of the process, for whoever runs it.

    Raises:
        UserError: The token in the environment cannot be read, or the log cannot be written.
    """
    watch = Watch(served.folders[served.first], options)
    watch.know(HEALTH)

    def make_routes(model: SavedModel, name: str) -> Mapping[str, App]:
        watched = watch.model(model, name)
        return model_routes(watched, replace(options, name=name) if several else options)

    several = len(served.folders) > 1
    counts = VersionCounts(watch.metrics.registry)
    versions = Versions(served, options, load, make_routes, counts, watch.serves, watch.shadowed)
    others = watch.beside(versions.beside(rest or not_found))

    def load_models() -> App:
        router = versions.load(others)
        watch.know([*router.slots[served.first].version.routes, *HEALTH])
        settle()
        return router

    access = Access.from_environment(options.hosts)
    guarded = watch.around(Guard(load_models, others, options, access, state))
    return AccessLog(guarded) if options.access_log else guarded


def settle() -> None:
    """Keep the garbage collector from looking again and again at what stays for good.

    A full collection looks at all objects of the process, those of all imported modules included;
    requests wait for it, some tenths of a second on a busy machine.
    """
    gc.collect()
    gc.freeze()


def model_routes(model: SavedModel, options: ServiceOptions) -> dict[str, App]:
    """Return what answers requests with one model, by path.

    Args:
        model: The model.
        options: The limits, and the name under which it is described.
    """
    return {
        "/predict": Predict(model, options),
        "/predict/batch": Batch(model, options),
        **page_routes(model, options),
    }


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that there is no such path; start and end with the server."""
    if scope["type"] == "http":
        content = {"error": f"there is nothing at {scope['path'][:80]}", "details": []}
        await respond(send, as_json(content), 404)
    elif scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await receive()
        await send({"type": "websocket.close", "code": 1000})
