"""The service's application within the process of the test."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mlfw_service import ServiceOptions, service_app
from mlfw_service.versions.served import ServedModels
from model_server import START_SECONDS
from trained_penguins import trained_penguins

HEADERS = [(b"host", b"localhost"), (b"content-type", b"application/json")]


@dataclass
class Service:
    """An application that has started, in an event loop of its own thread."""

    app: Any
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    thread: threading.Thread | None = None
    ended: bool = False

    def start(self) -> None:
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        self.messages.put_nowait({"type": "lifespan.startup"})
        self.down = threading.Event()

        async def send(message: Any) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                self.down.set()

        scope = {"type": "lifespan", "state": {}}
        self.future = asyncio.run_coroutine_threadsafe(
            self.app(scope, self.messages.get, send), self.loop
        )
        end = time.monotonic() + START_SECONDS
        while self.call("/readyz", "GET")[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.02)

    def call(
        self, path: str, method: str = "POST", body: bytes = b"", headers: Any = ()
    ) -> tuple[int, bytes, dict[bytes, bytes]]:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": method, "path": path, "headers": [*HEADERS, *headers],
            "query_string": b"", "root_path": "", "server": ("127.0.0.1", 80),
        }  # fmt: skip
        asyncio.run_coroutine_threadsafe(self.app(scope, receive, send), self.loop).result(60)
        return (
            sent[0]["status"],
            b"".join(m.get("body", b"") for m in sent),
            dict(sent[0]["headers"]),
        )

    def predict(self, *rows: Any, headers: Any = ()) -> tuple[int, bytes, dict[bytes, bytes]]:
        return self.call("/predict", body=json.dumps(rows).encode(), headers=headers)

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return what `/metrics` tells, by name and labels."""
        status, text, _ = self.call("/metrics", "GET")
        assert status == 200
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text.decode())
            for sample in family.samples
        }

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics().get((name, frozenset(labels.items())), 0.0)

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self.loop.call_soon_threadsafe(self.messages.put_nowait, {"type": "lifespan.shutdown"})
            assert self.down.wait(60)
            self.loop.call_soon_threadsafe(self.loop.stop)
            assert self.thread is not None
            self.thread.join()
            self.loop.close()


def options(**changes: Any) -> ServiceOptions:
    usual = {"workers": 1, "timeout": 60.0, "max_concurrency": 10, "max_body": 10**7}
    return ServiceOptions(**{"name": "penguins", "max_rows": 10_000, **usual, **changes})


@pytest.fixture(scope="session")
def model() -> Path:
    return trained_penguins() / "model"


@pytest.fixture
def serve(model: Path) -> Iterator[Callable[..., Service]]:
    """Start services, and end them with the test."""
    services: list[Service] = []

    def started(**changes: Any) -> Service:
        served = ServedModels.single("penguins", model)
        services.append(Service(service_app(served, options(**changes))))
        services[-1].start()
        return services[-1]

    yield started
    for service in services:
        service.end()
