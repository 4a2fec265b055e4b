"""Uvicorn's HTTP protocol with what it lacks against slow and greedy clients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mlfw_service.asgi import as_json
from mlfw_service.guard.connections import CONNECTIONS, Connections

AUTO = "auto"
OVERHEAD = 8  # bytes of a chunked body that may be spent on framing, for each byte of content
TOO_LARGE = "the head of the request is too large"
REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


class TooLarge(Exception):  # noqa: N818 - raised through the parser, and never seen outside
    """A head is too large, or too many requests are pipelined."""


class GuardedProtocol(HttpToolsProtocol):
    """A connection whose heads, framing, idle times and unread answers are limited.

    Uvicorn itself waits for ever for the end of a head, reads heads of any length, ends no
    connection that trickles, and keeps answers that nobody fetches. Its own keep-alive time-out
    goes on working; what is added here covers the rest.

    The limits are found in the state that the application sets up in ASGI's lifespan.
    """

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], **rest: Any):
        super().__init__(config, server_state, app_state, **rest)
        self.limits: Connections = app_state.get(CONNECTIONS) or Connections()
        self.timeout_keep_alive = self.limits.keep_alive  # type: ignore[assignment]
        self.in_head = True  # the next bytes belong to the head of a request
        self.head_begun = False
        self.head_size = 0  # bytes of the head that are parsed
        self.head_bytes = 0  # bytes that have arrived since the last body
        self.framing = 0
        self.content = 0
        self.completed = 0  # requests whose bodies have arrived
        self.unfetched = 0
        self.cycles: list[RequestResponseCycle] = []  # requests that are not yet answered
        self.head_timer: asyncio.TimerHandle | None = None
        self.linger_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or turn it away where there is no room."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.most and not self.limits.make_room():
            self.refuse(503, "too many connections are open")
            return
        self.limits.waiting[self] = None
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection, and tell every request of it that its client has gone.

        Uvicorn tells the newest request alone, which is another one where requests are pipelined.
        """
        for cycle in self.cycles:
            cycle.disconnected = True
            cycle.message_event.set()
        self.cycles = []
        self.limits.waiting.pop(self, None)
        for timer in (self.head_timer, self.linger_timer):
            if timer is not None:
                timer.cancel()
        self.head_timer = self.linger_timer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, and count what leads nowhere."""
        was_in_head, completed, content = self.in_head, self.completed, self.content
        super().data_received(data)
        if self.transport.is_closing():
            return
        same = completed == self.completed
        if not self.in_head:
            self.limits.waiting.setdefault(self)
            if same and not was_in_head:
                self.framing += len(data) - (self.content - content)
                if self.framing > self.limits.max_head + OVERHEAD * self.content:
                    self._give_up(400, "the body is framed in too many bytes")
        elif same and self.head_bytes + len(data) > self.limits.max_head:
            self._give_up(431, TOO_LARGE)
        elif same or self.head_begun or (self.cycle and self.cycle.response_complete):
            self.head_bytes += len(data) if same else 0
            self._expect_head()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.head_begun = True
        self.head_size = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those that come behind a body are left out."""
        self._count(len(name) + len(value) + 4)
        if self.in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self.in_head = self.head_begun = False
        self.framing = self.content = 0
        self.limits.waiting.pop(self, None)
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None
        if len(self.pipeline) >= self.limits.pipelined:
            raise TooLarge
        super().on_headers_complete()
        self.cycles = [*(each for each in self.cycles if not each.response_complete), self.cycle]

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self.content += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self.in_head = True
        self.head_bytes = self.head_size = 0
        self.completed += 1
        self.limits.waiting.pop(self, None)
        if self.linger_timer is not None:
            self.linger_timer.cancel()
            self.linger_timer = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request; do not wait for ever for the rest of this one."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._later(self.transport.abort)
        elif self.cycle.response_complete:
            self.limits.waiting.setdefault(self)
            if not self.in_head and self.expect_100_continue and not self.content:
                self.transport.close()  # the client may or may not send the body that it announced
            elif not self.in_head:
                self._later(self.drop)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Answer what is no HTTP, or too much of it."""
        if self.head_size > self.limits.max_head:
            self._give_up(431, TOO_LARGE)
        elif len(self.pipeline) >= self.limits.pipelined:
            self.drop()
        else:
            self._give_up(400, "this is no valid HTTP request")

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, unless the client is still fetching an answer."""
        left = self.transport.get_write_buffer_size()
        if left and (not self.unfetched or left < self.unfetched):
            self.unfetched = left
            self.timeout_keep_alive_task = self.loop.call_later(
                self.limits.keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self.drop()

    def refuse(self, status: int, error: str) -> None:
        """Answer without the application, and close the connection."""
        body = as_json({"error": error, "details": []})
        head = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()
        self._later(self.transport.abort)

    def drop(self) -> None:
        """Close the connection, whether or not the client takes what is left for it."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def _give_up(self, status: int, error: str) -> None:
        """Refuse a request, unless another one of the connection is being answered."""
        if self._answering():
            self.drop()
        else:
            self.refuse(status, error)

    def _answering(self) -> bool:
        if self.cycle is None or self.cycle.response_complete:
            return False
        return bool(self.pipeline) or self.in_head or self.cycle.response_started

    def _count(self, size: int) -> None:
        self.head_size += size
        if self.head_size > self.limits.max_head:
            raise TooLarge

    def _expect_head(self) -> None:
        if self.head_timer is None:
            self.head_timer = self.loop.call_later(self.limits.header_timeout, self._head_is_late)

    def _head_is_late(self) -> None:
        self.head_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._expect_head()  # a request before it is still being answered
        elif self.head_begun:
            self.refuse(408, f"the head did not arrive in {self.limits.header_timeout:g} seconds")
        else:
            self.drop()

    def _later(self, act: Callable[[], None]) -> None:
        if self.linger_timer is None:
            self.linger_timer = self.loop.call_later(self.limits.linger, act)


def protect_uvicorn() -> None:
    """Let every server of this process that chooses its protocol itself take the guarded one.

    For servers that others start, such as that of `bentoml serve`; called before they do.
    """
    from uvicorn.config import HTTP_PROTOCOLS

    HTTP_PROTOCOLS[AUTO] = f"{__name__}:{GuardedProtocol.__name__}"
