"""The types of ASGI, and answers in JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = b"application/json"


async def respond(
    send: Send,
    content: bytes,
    status: int = 200,
    kind: bytes = JSON,
    headers: Iterable[Header] = (),
) -> None:
    """Send a whole response.

    Args:
        send: ASGI's function.
        content: The body.
        status: The HTTP status.
        kind: The content type.
        headers: Further headers, their names in small letters.
    """
    length = str(len(content)).encode()
    start = [(b"content-type", kind), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": content})


def as_json(content: Any) -> bytes:
    """Return JSON as compact text in UTF-8.

    Raises:
        ValueError: A number is not finite.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode()


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return the first value of a request's header, or None.

    Args:
        scope: The request.
        name: The header's name in small letters.
    """
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None
