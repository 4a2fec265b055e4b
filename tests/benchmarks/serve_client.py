"""`python -m tests.benchmarks.serve_client PORT SECONDS FILE`: 16 clients that ask again and again.

Each keeps its connection and sends the body in FILE as soon as the answer before is there. Requests
a second and latencies are printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

CLIENTS = 16


class Client(asyncio.Protocol):
    """One client; parses no more of an answer than its length."""

    def __init__(self, request: bytes, end: float, done: asyncio.Future[None]) -> None:
        self.request = request
        self.end = end
        self.done = done
        self.latencies: list[float] = []
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.begun = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        """Take note of an answer that is whole, and ask again."""
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < length:
            return
        now = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(RuntimeError(f"{head!r} {body!r}"))
            return
        self.latencies.append(now - self.begun)
        self.buffer = b""
        if now < self.end:
            self._ask()
        else:
            self.transport.close()
            self.done.set_result(None)


async def measure(port: int, seconds: float, body: bytes) -> list[float]:
    """Return the latencies of all requests in seconds."""
    head = (
        f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    loop = asyncio.get_running_loop()
    end = time.perf_counter() + seconds
    clients = []
    for _ in range(CLIENTS):
        done = loop.create_future()
        client = Client(head.encode() + body, end, done)
        clients.append(client)
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
    await asyncio.gather(*(client.done for client in clients))
    return [latency for client in clients for latency in client.latencies]


def main(port: str, seconds: str, file: str) -> None:
    """Measure and print."""
    begun = time.perf_counter()
    latencies = asyncio.run(measure(int(port), float(seconds), Path(file).read_bytes()))
    took = time.perf_counter() - begun
    cuts = statistics.quantiles(latencies, n=100)
    found = {"rate": len(latencies) / took, "p50": cuts[49] * 1000, "p99": cuts[98] * 1000}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
