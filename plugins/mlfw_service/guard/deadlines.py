"""Deadlines of many requests, watched by one timer."""

from __future__ import annotations

import asyncio
from types import TracebackType

STEP = 0.1  # seconds between two looks at the requests


class Deadlines:
    """Cancels what takes too long.

    It does what `asyncio.timeout` does, a tenth of a second later at most. That sets and cancels
    a timer of the event loop each time, which took a tenth of the time of a small request; most
    requests are over before anybody looks.
    """

    def __init__(self) -> None:
        self._watched: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, deadline: Deadline) -> None:
        """Watch a deadline from now on."""
        self._watched[deadline] = None
        if self._timer is None:
            self._timer = deadline.loop.call_later(STEP, self._look, deadline.loop)

    def remove(self, deadline: Deadline) -> None:
        """Watch a deadline no longer."""
        self._watched.pop(deadline, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for deadline in [each for each in self._watched if each.end <= now]:
            del self._watched[deadline]
            deadline.expire()
        self._timer = loop.call_later(STEP, self._look, loop) if self._watched else None


class Deadline:
    """A context manager that limits how long its block may take.

    Args:
        deadlines: The watcher that cancels the block when its time is up.
        seconds: The limit, in seconds.

    Raises:
        TimeoutError: The block took longer.
    """

    __slots__ = ("deadlines", "end", "expired", "loop", "task")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self.deadlines = deadlines
        self.loop = asyncio.get_running_loop()
        self.end = self.loop.time() + seconds
        self.task = asyncio.current_task()
        self.expired = False

    def __enter__(self) -> Deadline:
        self.deadlines.add(self)
        return self

    def extend(self, seconds: float) -> None:
        """Let the rest of the block take so long from now on."""
        self.end = self.loop.time() + seconds

    def expire(self) -> None:
        """Cancel the block."""
        if self.task is not None and self.task.cancel():
            self.expired = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.deadlines.remove(self)
        if not self.expired or self.task is None:
            return
        # As asyncio.timeout: a task that others have cancelled as well stays cancelled.
        if (
            self.task.uncancel() == 0
            and kind is not None
            and issubclass(kind, asyncio.CancelledError)
        ):
            raise TimeoutError from error
