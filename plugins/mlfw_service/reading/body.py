"""The body of a request, never held beyond its cap."""

from __future__ import annotations

from mlfw_service.asgi import Receive, Scope, header
from mlfw_service.reading.refusal import Refusal

JSON = "application/json"


def content_type(scope: Scope, default: str = JSON) -> str:
    """Return a request's content type in small letters, without its parameters."""
    given = header(scope, b"content-type")
    if given is None:
        return default
    return given.decode("latin-1").split(";")[0].strip().lower() or default


async def read_body(scope: Scope, receive: Receive, max_body: int) -> bytes:
    """Return a request's body.

    Args:
        scope: The request.
        receive: ASGI's function.
        max_body: Most bytes of a body. No more than that is ever held in memory.

    Raises:
        Refusal: The body is larger, or the client left before its end.
    """
    announced = header(scope, b"content-length") or b""
    if announced.isdigit() and int(announced) > max_body:
        raise _too_large(max_body)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body = bytes(message.get("body", b""))
        if len(body) > max_body:
            raise _too_large(max_body)
        return body
    pieces = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise Refusal(400, "the request ended before its body was complete")
        pieces += message.get("body", b"")
        if len(pieces) > max_body:
            raise _too_large(max_body)
        if not message.get("more_body", False):
            return bytes(pieces)
        message = await receive()


def _too_large(max_body: int) -> Refusal:
    return Refusal(413, f"expected a body of at most {max_body} bytes")
