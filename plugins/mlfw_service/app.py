"""The application: where routes and guards meet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import mlfw
from mlfw_service.asgi import App, Receive, Scope, Send, as_json, respond
from mlfw_service.guard.access import Access
from mlfw_service.guard.access_log import AccessLog
from mlfw_service.guard.guard import Guard
from mlfw_service.routes.pages import page_routes
from mlfw_service.routes.predict import Predict

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_service.guard.state import ServiceState
    from mlfw_service.options import ServiceOptions


def service_app(
    folder: Path,
    options: ServiceOptions,
    load: Callable[[Path], SavedModel] = mlfw.load,
    rest: App | None = None,
    state: ServiceState | None = None,
) -> App:
    """Return the ASGI application that serves a saved model.

    The model is loaded once the server has started; until then, requests are answered with 503.

    Args:
        folder: The saved model's folder.
        options: How it is run.
        load: Loads the saved model.
        rest: Answers the paths that the service does not know, and takes part in its start and its
            end; answered with 404 where left out.
        state: The state of the process, for whoever runs it.

    Raises:
        UserError: The token in the environment cannot be read.
    """
    others = rest or not_found

    def routes() -> App:
        model = load(folder)
        found: dict[str, App] = {
            "/predict": Predict(model, options),
            **page_routes(model, options),
        }
        return Routes(found, others)

    access = Access.from_environment(options.hosts)
    guarded = Guard(routes, others, options, access, state)
    return AccessLog(guarded) if options.access_log else guarded


class Routes:
    """Hands a request to the application of its path, by a single look-up.

    Args:
        routes: An application for each path.
        rest: The application for all other paths, and for the start and the end of the server.
    """

    def __init__(self, routes: dict[str, App], rest: App) -> None:
        self.routes = routes
        self.rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            await self.rest(scope, receive, send)
        else:
            await self.routes.get(scope["path"], self.rest)(scope, receive, send)


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
