"""Whether the process lives, and whether it is ready to predict."""

from __future__ import annotations

from mlfw_service.asgi import App, Receive, Scope, Send, as_json, respond

READY = as_json({"status": "ready"})
ALIVE = as_json({"status": "alive"})


async def ready(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Answer that the model is loaded: there are no routes before that."""
    await respond(send, READY)


async def alive(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Answer that the process answers."""
    await respond(send, ALIVE)


def health_routes() -> dict[str, App]:
    """Return the routes for those who watch over the process."""
    return {"/livez": alive, "/healthz": alive, "/readyz": ready}
