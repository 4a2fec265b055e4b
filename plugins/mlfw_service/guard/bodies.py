"""Reading whole bodies before anything else is done for a request."""

from __future__ import annotations

from mlfw_service.asgi import Message, Receive, Scope, header
from mlfw_service.guard.answers import CLOSE, RETRY, Answer
from mlfw_service.guard.deadlines import Deadline, Deadlines

SMALL = 65_536  # bytes of a body for which there is always room
TOGETHER = 4  # largest bodies for which there is room at once
LONGEST_NUMBER = 18


class BodyRefused(Exception):  # noqa: N818 - it is an answer, not a failure
    """A body that is not read to its end.

    Args:
        answer: What to answer; None where the client has gone.
    """

    def __init__(self, answer: Answer | None) -> None:
        super().__init__()
        self.answer = answer


class Bodies:
    """Reads bodies, each within a time and a size, all of them within a size together.

    Args:
        max_body: Most bytes of a body.
        timeout: Seconds within which a body has to arrive.
        deadlines: Watches that time.
    """

    def __init__(self, max_body: int, timeout: float, deadlines: Deadlines) -> None:
        self.deadlines = deadlines
        self.max_body = max_body
        self.timeout = timeout
        self.room = TOGETHER * max_body
        self.held = 0
        self._too_large = Answer.error(413, f"expected a body of at most {max_body} bytes")
        self._too_slow = Answer.error(
            408, f"the body did not arrive in {timeout:g} seconds", [CLOSE]
        )
        self._no_room = Answer.error(
            503, "too many large bodies are under way; try again", [RETRY, CLOSE]
        )

    async def read(self, scope: Scope, receive: Receive) -> bytes:
        """Return the body of a request; it counts as held until it is released.

        Args:
            scope: The request.
            receive: ASGI's function.

        Raises:
            BodyRefused: The body is too large or too slow, or the client has gone.
        """
        announced = header(scope, b"content-length") or b"0"
        if len(announced) > LONGEST_NUMBER or int(announced) > self.max_body:
            raise BodyRefused(self._too_large)
        size = 0
        body: bytes | bytearray = b""
        try:
            with Deadline(self.deadlines, self.timeout):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise BodyRefused(None)
                    piece = message.get("body", b"")
                    size += len(piece)
                    self.held += len(piece)
                    if size > self.max_body:
                        raise BodyRefused(self._too_large)
                    if not message.get("more_body", False):
                        return bytes(body + piece) if body else piece
                    if self.held > self.room and size > SMALL:
                        raise BodyRefused(self._no_room)
                    body = body or bytearray()
                    body += piece
        except BaseException as error:
            self.release(size)
            if isinstance(error, TimeoutError):
                raise BodyRefused(self._too_slow) from None
            raise

    def release(self, size: int) -> None:
        """Let go of a body that is no longer in memory.

        Args:
            size: Its bytes.
        """
        self.held -= size


class Replay:
    """ASGI's `receive` for a request whose body has been read.

    Args:
        body: The body.
        receive: ASGI's function, which tells after the body when the client has gone.
    """

    __slots__ = ("body", "receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.body: bytes | None = body
        self.receive = receive

    async def __call__(self) -> Message:
        """Return the whole body, then what the server tells."""
        if self.body is None:
            return await self.receive()
        body, self.body = self.body, None
        return {"type": "http.request", "body": body, "more_body": False}
