"""The watch over a service: what stands around its guard and its models."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlfw import Schema
from mlfw.pipeline.manifest import model_version
from mlfw.pipeline.reference import Reference
from mlfw_service.asgi import App, Message, Receive, Scope, Send, header
from mlfw_service.watch.current import CURRENT, CurrentRequest
from mlfw_service.watch.log import RequestLog
from mlfw_service.watch.metrics import VALUES, Metrics, value_buckets
from mlfw_service.watch.model import ModelWatcher, WatchedModel

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_service.options import ServiceOptions
    from mlfw_service.versions.shadowed import Predicted
    from mlfw_service.versions.version import Version

logger = logging.getLogger("mlfw.service")

PREDICT, METRICS, MODELS = "/predict", "/metrics", "/models/"
OTHER = "other"
ANSWERED_BY = "mlfw.model"  # what the router writes into the scope
REQUEST_ID = b"x-request-id"
LONGEST_ID = 64


class Watch:
    """Counts requests and predictions, and logs them on demand.

    Args:
        folder: The saved model's folder, or that of the first of several.
        options: Whether and how requests are logged.

    Raises:
        UserError: The log cannot be written, or is to leave out a column that there is not.
    """

    def __init__(self, folder: Path, options: ServiceOptions) -> None:
        schema, reference = _schema(folder), Reference.load(folder)
        before = reference.predictions.values() if reference is not None else ()
        self.metrics = Metrics(value_buckets(schema, before) if schema else VALUES)
        self.log: RequestLog | None = None
        if options.log and schema is not None:
            self.log = RequestLog.of(schema, options, self.metrics.dropped)
        self.routes: frozenset[str] = frozenset()

    def model(self, model: SavedModel, name: str) -> SavedModel:
        """Return a model that predicts the same, and whose predictions are counted and logged.

        Args:
            model: The model.
            name: What it is called.
        """
        version, reference = model_version(model.folder), Reference.load(model.folder)
        log = self.log
        if log is not None and not log.takes(model.schema):
            logger.warning("%s: not logged, as its columns are not those of the log", name)
            log = None
        watcher = ModelWatcher(name, version, model, self.metrics, reference, log)
        return WatchedModel(
            model.schema, model.predictor, model.use, model.folder, inner=model, watcher=watcher
        )

    def serves(self, version: Version) -> None:
        """Take note of a version of a model that answers from now on."""
        self.metrics.serves(version.name, version.id, version.model.use)

    def shadowed(
        self, version: Version, asked: Predicted, predictions: pa.Table, number: str
    ) -> None:
        """Log what a shadow predicted, under its own name and the id of the request.

        Args:
            version: The shadow.
            asked: The rows, and what was answered.
            predictions: The shadow's predictions.
            number: The id of the request.
        """
        if self.log is not None and self.log.takes(version.model.schema):
            self.log.put(asked.rows, predictions, version.name, version.id, number)

    def know(self, routes: Iterable[str]) -> None:
        """Take note of the service's routes; requests for others are counted together."""
        self.routes = frozenset({*routes, METRICS})

    def beside(self, rest: App) -> App:
        """Return an application that answers `/metrics`, and hands on the rest."""

        async def metrics_or_rest(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] == METRICS:
                await self.metrics.route(scope, receive, send)
            else:
                await rest(scope, receive, send)

        return metrics_or_rest

    def around(self, app: App) -> App:
        """Return the application with everything that comes to it counted."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await self._request(app, scope, receive, send)
            else:
                await app(scope, receive, self._ending(send))

        return watched

    async def _request(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        route = _route(scope["path"])
        request = CurrentRequest(route.startswith(PREDICT))
        CURRENT.set(request)
        shown: list[tuple[bytes, bytes]] = []
        if self.log is not None and request.predicts:
            request.number = _request_id(header(scope, REQUEST_ID))
            shown.append((REQUEST_ID, request.number.encode()))
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if shown:
                    message = {**message, "headers": [*message.get("headers", ()), *shown]}
            await send(message)

        metrics = self.metrics
        metrics.in_flight.inc()
        begun = time.perf_counter()
        try:
            await app(scope, receive, sending)
        finally:
            metrics.in_flight.dec()
            took = time.perf_counter() - begun
            model = scope.get(ANSWERED_BY) or request.model
            metrics.answered(route if route in self.routes else OTHER, status, model, took)

    def _ending(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                await asyncio.to_thread(self.end)
            await send(message)

        return sending

    def end(self) -> None:
        """Write what is left to be logged."""
        if self.log is not None:
            self.log.close()
        self.metrics.end()


def _schema(folder: Path) -> Schema | None:
    """Return a saved model's schema; None if it is damaged, as loading the model will tell."""
    try:
        return Schema.load(folder / "schema.json")
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _route(path: str) -> str:
    """Return a path without the name of a model, as in `/models/NAME/predict`."""
    if not path.startswith(MODELS):
        return path
    _, slash, rest = path.removeprefix(MODELS).partition("/")
    return slash + rest


def _request_id(given: bytes | None) -> str:
    """Return the id that the client has given a request, or a new one."""
    if given:
        text = given.decode("latin-1")[:LONGEST_ID]
        if text.isascii() and text.isprintable():
            return text
    return secrets.token_hex(8)
