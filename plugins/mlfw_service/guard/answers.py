"""Answers that are ready before anybody asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlfw_service.asgi import Header, Send, as_json, respond

CLOSE: Header = (b"connection", b"close")
RETRY: Header = (b"retry-after", b"1")


@dataclass(frozen=True)
class Answer:
    """A whole response in JSON.

    Attributes:
        status: The HTTP status.
        content: The body.
        headers: Headers besides those of the content.
    """

    status: int
    content: bytes
    headers: tuple[Header, ...] = ()

    @classmethod
    def error(cls, status: int, error: str, headers: Iterable[Header] = ()) -> Answer:
        """Return the answer to a request that is not served."""
        return cls(status, as_json({"error": error, "details": []}), tuple(headers))

    async def send(self, send: Send) -> None:
        """Send the answer."""
        await respond(send, self.content, self.status, headers=self.headers)
