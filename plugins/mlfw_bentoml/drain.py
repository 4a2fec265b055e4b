"""Ending well: calls under way are answered, later ones are turned away at once."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from types import FrameType
from typing import Any

from starlette.responses import JSONResponse

STEP = 0.02
ALWAYS_ANSWERED = frozenset({"/livez", "/healthz", "/metrics"})


class Drain:
    """Lets a stopped process answer what it has begun before it goes.

    A server that stops listening while others of its kind, or the one that manages them, still
    hold the socket leaves later calls hanging. This one goes on listening and answers them, and
    `/readyz`, with 503 until the calls under way have ended; only then it lets itself be stopped.

    Args:
        timeout: Most seconds to wait for the calls under way.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.stopping = False
        self.under_way = 0
        self._received: set[int] = set()

    def watch_signals(self) -> None:
        """Stand before the server's handlers of SIGINT and SIGTERM; called in its event loop."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._watch(number, loop)

    def _watch(self, number: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
        end = signal.getsignal(number)
        if not callable(end):
            return

        def stop(received: int, frame: FrameType | None) -> None:
            if received in self._received:
                end(received, frame)
            elif not self.stopping:
                loop.call_soon_threadsafe(loop.create_task, self._drain(end, received))
            self._received.add(received)
            self.stopping = True

        signal.signal(number, stop)

    async def _drain(self, end: Any, received: int) -> None:
        latest = time.monotonic() + self.timeout
        while self.under_way and time.monotonic() < latest:
            await asyncio.sleep(STEP)
        end(received, None)


class DrainMiddleware:
    """Counts the calls under way, and turns calls away once the process is being stopped."""

    def __init__(self, app: Any, drain: Drain) -> None:
        self.app = app
        self.drain = drain

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one call, as ASGI has it."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_ANSWERED:
            await self.app(scope, receive, send)
        elif self.drain.stopping:
            content = {"error": "the service is being stopped", "details": []}
            headers = {"Connection": "close", "Retry-After": "1"}
            await JSONResponse(content, 503, headers)(scope, receive, send)
        else:
            self.drain.under_way += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.drain.under_way -= 1
