"""The start and the end of a process that serves."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable

from mlfw import MlfwError
from mlfw_service.asgi import App, Message, Receive, Scope, Send
from mlfw_service.guard.connections import CONNECTIONS, Connections
from mlfw_service.guard.state import ServiceState

logger = logging.getLogger("mlfw.service")
STARTUP_FAILURE = 3  # the status by which uvicorn knows a worker that cannot be started again


class Lifespan:
    """Loads the models while the process listens already, and prepares its end.

    Args:
        load: Loads the models and returns the routes.
        rest: An application that takes part in the start and the end.
        state: The state of the process.
        connections: The limits of its connections.

    Attributes:
        routes: What answers; None until the models are loaded.
    """

    def __init__(
        self, load: Callable[[], App], rest: App, state: ServiceState, connections: Connections
    ) -> None:
        self.routes: App | None = None
        self._load = load
        self._rest = rest
        self._state = state
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take part in ASGI's lifespan."""
        shared = scope.get("state")
        if shared is not None:
            shared[CONNECTIONS] = self._connections

        async def starting(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._state.watch_signals()
                # A daemon, so that a process that is told to stop need not wait for it.
                threading.Thread(target=self.load, name="mlfw-load", daemon=True).start()
            await send(message)

        await self._rest(scope, receive, starting)

    def load(self) -> None:
        """Load the models; where that fails, see to it that the process ends."""
        try:
            self.routes = self._load()
        except BaseException as error:
            self._state.failure = error
            if self._state.failed is not None:
                self._state.failed()
                return
            if isinstance(error, MlfwError):
                print(f"mlfw: {error}", file=sys.stderr, flush=True)
            else:
                logger.critical("loading the model failed", exc_info=error)
            os._exit(STARTUP_FAILURE)
        self._state.loaded = True
