"""How many good requests a service answers beside 100 clients that never finish a body."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.benchmarks.load import drive, post
from tests.benchmarks.processes import report
from tests.benchmarks.served import body, served, train

SLOW, SECONDS, PAIRS = 100, 2.0, 12
STEP = 0.5  # seconds between two bytes of a slow body


async def _trickle(port: int, begun: threading.Semaphore, ended: threading.Event) -> None:
    """Send a byte now and then; begin anew where the service puts an end to it."""
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    while not ended.is_set():
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            begun.release()
            while not ended.is_set() and not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(STEP)
            writer.close()


@contextmanager
def slow_clients(port: int) -> Iterator[None]:
    """Trickle bodies while the block runs."""
    ended = threading.Event()

    begun = threading.Semaphore(0)

    async def all_of_them() -> None:
        await asyncio.gather(*(_trickle(port, begun, ended) for _ in range(SLOW)))

    thread = threading.Thread(target=lambda: asyncio.run(all_of_them()), daemon=True)
    thread.start()
    for _ in range(SLOW):
        begun.acquire()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def main() -> None:
    """Measure and print."""
    request = post("/predict", body())
    ratios = []
    failures = 0
    with tempfile.TemporaryDirectory() as folder, served(train(Path(folder))) as server:
        drive(server.port, request, 2.0)
        for _ in range(PAIRS):
            alone = drive(server.port, request, SECONDS)
            with slow_clients(server.port):
                beside = drive(server.port, request, SECONDS)
            ratios.append(beside.rate / alone.rate)
            failures += alone.failures + beside.failures
    report(f"good requests beside {SLOW} slow bodies / alone", ratios, "at least 0.9")
    print(f"  {failures} of the good requests failed", flush=True)


if __name__ == "__main__":
    main()
