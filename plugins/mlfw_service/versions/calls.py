"""Calling a route from within the process."""

from __future__ import annotations

from dataclasses import dataclass

from mlfw_service.asgi import App, Header, Message


@dataclass
class Call:
    """What a route answered.

    Attributes:
        status: The HTTP status; 0 if there was no answer.
        headers: The headers.
        body: The body.
    """

    status: int = 0
    headers: tuple[Header, ...] = ()
    body: bytes = b""


async def call(
    app: App, method: str, path: str, body: bytes = b"", headers: tuple[Header, ...] = ()
) -> Call:
    """Call a route and return its answer.

    Args:
        app: The route.
        method: The method.
        path: The path.
        body: The body.
        headers: The request's headers, names in small letters.
    """
    answer = Call()
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], tuple(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
