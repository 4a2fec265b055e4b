"""Saying where a server is once it answers, and not before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

SECONDS = 0.05
PATHS = "  POST /predict for predictions, GET /schema for the columns, GET / to try it in a browser"
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not listened on


@contextmanager
def announce_when_ready(name: str, host: str, port: int) -> Iterator[None]:
    """Print the address of a server that the block runs, as soon as it is ready."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SECONDS):
            if _is_ready(ANY.get(host, host), port):
                shown = f"[{host}]" if ":" in host else host
                print(
                    f"serving {name} on http://{shown}:{port} (Ctrl-C ends it)\n{PATHS}", flush=True
                )
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _is_ready(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
