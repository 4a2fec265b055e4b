"""What state a service is in: loading, ready, overloaded or ending."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

STEP = 0.02


@dataclass
class ServiceState:
    """The state of one process that serves.

    A server that stops listening while others of its kind, or the one that manages them, still
    hold the socket leaves later calls hanging. So a process that is told to stop goes on listening
    and answers later calls, and `/readyz`, with 503 until the calls under way are answered; only
    then it lets itself be stopped.

    Attributes:
        most: Most requests that are predicted at once.
        timeout: Most seconds to wait at the end for the requests under way.
        loaded: Whether the models are in memory.
        failure: Why the models could not be loaded.
        failed: Called, in the thread that loads, after `failure` has been set.
        stopping: Whether the process has been told to stop.
        under_way: Requests that have begun and are not answered, those whose bodies are still to
            arrive included.
        predicting: Requests that are being predicted.
    """

    most: int
    timeout: float
    loaded: bool = False
    failure: BaseException | None = None
    failed: Callable[[], None] | None = None
    stopping: bool = False
    under_way: int = 0
    predicting: int = 0
    _received: set[int] = field(default_factory=set, repr=False)

    @property
    def unready(self) -> str:
        """Why the process should be sent no requests now; empty if it should."""
        if self.stopping:
            return "stopping"
        if not self.loaded:
            return "loading"
        return "overloaded" if self.predicting >= self.most else ""

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
