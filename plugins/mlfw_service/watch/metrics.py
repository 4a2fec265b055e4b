"""The metrics of a service, as Prometheus reads them.

Labels have few values only: routes, models, and the columns and classes of the schema. Where
`PROMETHEUS_MULTIPROC_DIR` names a folder, they are summed over all processes that use it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from mlfw_service.asgi import Receive, Scope, Send, as_json, respond

if TYPE_CHECKING:
    from mlfw import Schema, Target
    from mlfw.schema.distribution import Distribution

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
VALUES = (-1000, -100, -10, -1, 0, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
MOST_VALUES = 16


class Metrics:
    """All metrics of a process.

    Args:
        value_buckets: Upper bounds of the buckets in which predicted numbers are counted, by
            target.
    """

    def __init__(self, value_buckets: Sequence[float] = VALUES) -> None:
        self.registry = CollectorRegistry()
        self.seconds = self._histogram(
            "mlfw_request_seconds", "Seconds to answer.", ["route", "status", "model"], SECONDS
        )
        self.rows = self._histogram("mlfw_batch_rows", "Rows of a request.", ["model"], ROWS)
        self.predictions = self._counter(
            "mlfw_predictions", "Predicted rows by class.", ["target", "class", "model"]
        )
        self.values = self._histogram(
            "mlfw_prediction_value", "Predicted numbers.", ["target", "model"], value_buckets
        )
        self.missing = self._counter("mlfw_input_missing", "Missing values.", ["column"])
        self.unseen = self._counter(
            "mlfw_input_unseen", "Categories that training never saw.", ["column"]
        )
        self.outside = self._counter(
            "mlfw_input_out_of_range", "Numbers outside the range of training.", ["column"]
        )
        self.dropped = self._counter(
            "mlfw_log_dropped_rows", "Rows that the request log does not hold.", ["reason"]
        )
        self.in_flight = Gauge(
            "mlfw_requests_in_flight",
            "Requests being answered.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.info = Gauge(
            "mlfw_model_info",
            "1 for each model that is served, 0 for its earlier versions.",
            ["name", "version", "use"],
            registry=self.registry,
            multiprocess_mode="max",
        )
        self._seconds: dict[tuple[str, int, str], Histogram] = {}
        self._served: dict[str, Gauge] = {}

    def _histogram(
        self, name: str, text: str, labels: list[str], buckets: Sequence[float]
    ) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def serves(self, name: str, version: str, use: str) -> None:
        """Tell which version of a model is served from now on.

        Args:
            name: What the model is called.
            version: Its version.
            use: The model component.
        """
        if name in self._served:
            self._served[name].set(0)
        self._served[name] = self.info.labels(name, version, use)
        self._served[name].set(1)

    def answered(self, route: str, status: int, model: str, seconds: float) -> None:
        """Count a request.

        Args:
            route: One of the service's routes, or `other`.
            status: The HTTP status.
            model: The model that answered; empty if none did.
            seconds: How long it took.
        """
        key = (route, status, model)
        found = self._seconds.get(key)
        if found is None:
            found = self._seconds[key] = self.seconds.labels(route, str(status), model)
        found.observe(seconds)

    def text(self) -> bytes:
        """Return all metrics in the format of Prometheus, those of BentoML included."""
        folder = os.environ.get(FOLDER)
        if not folder:
            return generate_latest(REGISTRY) + generate_latest(self.registry)
        everything = CollectorRegistry()
        MultiProcessCollector(everything, folder)  # type: ignore[no-untyped-call]
        ProcessCollector(registry=everything)
        return generate_latest(everything)

    async def route(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer `GET /metrics`, as ASGI has it."""
        if scope["method"] not in ("GET", "HEAD"):
            error = {"error": f"expected the method GET, found {scope['method']}", "details": []}
            await respond(send, as_json(error), 405, headers=[(b"allow", b"GET, HEAD")])
            return
        content = await asyncio.to_thread(self.text)
        await respond(send, content, kind=CONTENT_TYPE_LATEST.encode())

    def end(self) -> None:
        """Take leave of the processes whose metrics are summed."""
        if os.environ.get(FOLDER):
            with suppress(OSError):
                mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]


def value_buckets(schema: Schema, predictions: Iterable[Distribution]) -> Sequence[float]:
    """Return buckets for predicted numbers: where those for validation rows lay.

    Args:
        schema: The model's schema.
        predictions: How these were distributed, of each target.
    """
    from mlfw import Task

    if not any(target.task is Task.regression for target in schema.targets):
        return VALUES
    edges = sorted({edge for each in predictions for edge in each.edges})
    if not edges:
        return VALUES
    step = -(-len(edges) // MOST_VALUES)
    return edges[::step]


def class_names(target: Target) -> dict[object, str]:
    """Return the text of each class by what the model predicts for it."""
    from mlfw.schema import class_labels

    return dict(zip(class_labels(target).to_pylist(), target.classes, strict=True))
