"""Ending well: calls under way are answered, later ones are turned away at once."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from types import FrameType
from typing import Any

from mlfw_service.asgi import App, Message, Receive, Scope, Send, as_json, respond

STEP = 0.02
ALWAYS_ANSWERED = frozenset({"/livez", "/healthz", "/metrics"})


class Drain:
    """Lets a stopped process answer what it has begun before it goes.

    A server that stops listening while others of its kind, or the one that manages them, still
    hold the socket leaves later calls hanging. This one goes on listening and answers them, and
    `/readyz`, with 503 until the calls under way have ended; only then it lets itself be stopped.

    Args:
        timeout: Most seconds to wait for the calls under way.
        most: Most calls under way at once.
    """

    def __init__(self, timeout: float, most: int) -> None:
        self.timeout = timeout
        self.most = most
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
    """Counts the calls under way, and turns calls away once they are too many or at the end."""

    def __init__(self, app: App, drain: Drain) -> None:
        self.app = app
        self.drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, self._watching(send))
        elif scope["type"] != "http" or scope["path"] in ALWAYS_ANSWERED:
            await self.app(scope, receive, send)
        elif self.drain.stopping:
            content = as_json({"error": "the service is being stopped", "details": []})
            headers = [(b"connection", b"close"), (b"retry-after", b"1")]
            await respond(send, content, 503, headers=headers)
        elif self.drain.under_way >= self.drain.most:
            content = as_json({"error": "too many requests are under way", "details": []})
            await respond(send, content, 429, headers=[(b"retry-after", b"1")])
        else:
            self.drain.under_way += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.drain.under_way -= 1

    def _watching(self, send: Send) -> Send:
        """Return ASGI's `send`, which watches signals from the end of the start on."""

        async def watching(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self.drain.watch_signals()
            await send(message)

        return watching
