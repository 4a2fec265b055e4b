"""A line in the log for every request."""

from __future__ import annotations

import logging
import time

from mlfw_service.asgi import App, Message, Receive, Scope, Send

logger = logging.getLogger("mlfw.service.access")


class AccessLog:
    """Logs the client, method, path, status and milliseconds of each request."""

    def __init__(self, app: App) -> None:
        self.app = app
        logger.setLevel(logging.INFO)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            took = (time.perf_counter() - begun) * 1000
            client = (scope.get("client") or ("-",))[0]
            path = ascii(scope["path"])[1:-1]
            logger.info("%s %s %s %d %.1f ms", client, scope["method"], path, status, took)
