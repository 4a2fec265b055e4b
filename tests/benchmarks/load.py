"""Clients that call a service over connections which they keep."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

END = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass
class Load:
    """What came of the calls.

    Attributes:
        seconds: How long calls were made.
        latencies: Seconds from a call to the end of its answer, for each that was answered 200.
        failures: Calls that were answered otherwise, or not at all.
    """

    seconds: float
    latencies: list[float] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, percent: int) -> float:
        """Return a percentile of the latencies."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1] * 1000


class Client(asyncio.Protocol):
    """Calls again and again, as soon as an answer is there, or at its times."""

    def __init__(self, request: bytes, load: Load, interval: float) -> None:
        self.request = request
        self.load = load
        self.interval = interval
        self.loop = asyncio.get_running_loop()
        self.received = b""
        self.sent = self.due = self.loop.time()
        self.ending = self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make the first call."""
        self.transport = cast(asyncio.Transport, transport)
        self.call()

    def call(self) -> None:
        """Send a request."""
        if not self.ending:
            self.waiting = True
            self.sent = self.loop.time()
            self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self.received += data
        head, end, rest = self.received.partition(END)
        place = head.find(LENGTH)
        if not end or len(rest) < int(head[place + len(LENGTH) :].split(b"\r\n", 1)[0]):
            return
        self.received, self.waiting = b"", False
        if head[9:12] == b"200":
            self.load.latencies.append(self.loop.time() - self.sent)
        else:
            self.load.failures += 1
        self.due += self.interval
        delay = self.due - self.loop.time()
        if self.interval and delay > 0:
            self.loop.call_later(delay, self.call)
        else:
            self.call()

    def connection_lost(self, error: Exception | None) -> None:
        """Count a connection that the service has closed before its end."""
        if self.waiting or not self.ending:
            self.load.failures += 1


def drive(port: int, request: bytes, seconds: float, *, clients: int = 16, rate: float = 0) -> Load:
    """Call a service and return what came of it.

    Args:
        port: The service's port on this machine.
        request: The whole request.
        seconds: How long to call.
        clients: How many call at once.
        rate: Calls a second, of all clients together; as many as are answered where it is 0.
    """
    return uvloop.run(_drive(port, request, seconds, clients, rate))


async def _drive(port: int, request: bytes, seconds: float, clients: int, rate: float) -> Load:
    load, loop = Load(seconds), asyncio.get_running_loop()
    interval = clients / rate if rate else 0.0
    made: list[Client] = []
    for _ in range(clients):
        client = Client(request, load, interval)
        made.append(client)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
        await asyncio.sleep(interval / clients)
    await asyncio.sleep(seconds)
    for client in made:
        client.ending = True
    limit = loop.time() + 60
    while any(client.waiting for client in made) and loop.time() < limit:
        await asyncio.sleep(0.01)
    load.failures += sum(client.waiting for client in made)
    for client in made:
        client.waiting = False
        client.transport.close()
    return load


def post(path: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """Return a request in JSON."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
