"""The log of requests: written by a thread of its own, so that no answer waits for it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Kind, Schema, UserError
from mlfw.errors import did_you_mean, listing
from mlfw.hints import printable
from mlfw_service.watch.log_table import Logged, LogTable
from mlfw_service.watch.parts import MEGABYTE, Parts

if TYPE_CHECKING:
    import pyarrow as pa
    from prometheus_client import Counter

    from mlfw_service.options import ServiceOptions

logger = logging.getLogger("mlfw.service")

SECONDS = 2.0  # between two writes; about as much is lost if the process is killed
WRITTEN_AT_ONCE, MOST_WAITING = 5_000, 20_000  # rows
FULL, OLD, FAILED = "queue full", "oldest removed", "not written"


class RequestLog:
    """Logs rows and their predictions.

    Args:
        table: What is logged of them.
        parts: Where they are written.
        sample: The share of rows that is logged, above 0, up to 1.
        dropped: Counts the rows that are not logged though they should be, by reason.
    """

    def __init__(self, table: LogTable, parts: Parts, sample: float, dropped: Counter) -> None:
        self._table, self._parts, self._sample = table, parts, sample
        self._dropped = {each: dropped.labels(each) for each in (FULL, OLD, FAILED)}
        self._parts.removed = self._dropped[OLD].inc
        self._waiting: deque[Logged] = deque()
        self._rows = 0
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._closed = False
        self._warned = 0.0
        self._thread: threading.Thread | None = None

    @classmethod
    def of(cls, schema: Schema, options: ServiceOptions, dropped: Counter) -> RequestLog:
        """Return the log that the options ask for.

        Raises:
            UserError: It cannot be written, or a column that they name is none of the model's.
        """
        return cls(*_opened(schema, options), options.log_sample, dropped)

    def takes(self, schema: Schema) -> bool:
        """Tell whether a model has the columns and targets that are logged."""
        other = LogTable(schema, self._table.left_out).arrow_schema()
        return bool(other.equals(self._table.arrow_schema()))

    def put(self, rows: Any, predictions: pa.Table, model: str, version: str, number: str) -> None:
        """Log the rows of a request, some time soon.

        Args:
            rows: A list of dicts, or a table; it must not be changed any more.
            predictions: The predictions.
            model: The name of the model.
            version: Its version.
            number: The request's id.
        """
        if self._sample < 1:
            rows, predictions = self._some(rows, predictions)
        count = predictions.num_rows
        if not count:
            return
        with self._lock:
            if self._closed or (self._rows and self._rows + count > MOST_WAITING):
                self._dropped[FULL].inc(count)
                return
            now = int(time.time() * 1e6)
            self._waiting.append(Logged(now, rows, predictions, model, version, number))
            self._rows += count
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mlfw-log", daemon=True)
                self._thread.start()
            if self._rows >= WRITTEN_AT_ONCE:
                self._wake.set()

    def _some(self, rows: Any, predictions: pa.Table) -> tuple[Any, pa.Table]:
        draw = random.random
        chosen = [i for i in range(predictions.num_rows) if draw() < self._sample]
        if len(chosen) == predictions.num_rows:
            return rows, predictions
        if not chosen:
            return [], predictions.slice(0, 0)
        kept = [rows[i] for i in chosen] if isinstance(rows, list) else rows.take(chosen)
        return kept, predictions.take(chosen)

    def close(self) -> None:
        """Write what is left, and make one file of the parts where that is asked for."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join()
        try:
            self._parts.finish()
        except OSError as error:
            logger.error("%s: not joined: %s", self._parts.path, error.strerror or error)

    def _run(self) -> None:
        while True:
            self._wake.wait(SECONDS)
            self._wake.clear()
            with self._lock:
                ended = self._closed
                requests = list(self._waiting)
                self._waiting.clear()
                self._rows = 0
            if requests:
                self._write(requests)
            if ended:
                return

    def _write(self, requests: list[Logged]) -> None:
        try:
            self._parts.add(self._table.of(requests))
        except Exception as error:  # what cannot be logged must not end the log
            count = sum(each.predictions.num_rows for each in requests)
            self._dropped[FAILED].inc(count)
            if time.monotonic() - self._warned > 60 or not self._warned:
                self._warned = time.monotonic()
                logger.error("%s: %d rows not logged: %s", self._parts.path, count, error)


def check_log(folder: Path, options: ServiceOptions) -> None:
    """Check that the requests for a saved model can be logged as the options say.

    Args:
        folder: The saved model's folder.
        options: Whether and how requests are logged.

    Raises:
        UserError: The log cannot be written, or a column that they name is none of the model's.
    """
    if options.log:
        _opened(Schema.load(folder / "schema.json"), options)


def _opened(schema: Schema, options: ServiceOptions) -> tuple[LogTable, Parts]:
    table = LogTable(schema, left_out_columns(schema, options.log_redact, options.log_also))
    parts = Parts(Path(options.log), options.log_max_mb * MEGABYTE)
    parts.check(table.arrow_schema())
    return table, parts


def left_out_columns(
    schema: Schema, redact: Iterable[str], also: Collection[str]
) -> frozenset[str]:
    """Return the columns that are not logged: those redacted, free texts and images.

    Args:
        schema: The model's schema.
        redact: Columns that must not be logged.
        also: Texts and images that are logged all the same.

    Raises:
        UserError: A name is none of the model's columns.
    """
    redacted = frozenset(redact)
    for option, names in (("log_redact", redacted), ("log_also", also)):
        for name in names:
            if name not in schema.names:
                raise UserError(
                    f"serve.{option}: '{printable(name)}' is no column of the model; it has "
                    f"{listing(map(printable, schema.names))}.",
                    did_you_mean(name, schema.names, listed=True),
                )
    long = {each.name for each in schema.columns if each.kind in (Kind.text, Kind.image)}
    return redacted | (long - set(also))
