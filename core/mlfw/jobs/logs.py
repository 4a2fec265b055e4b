"""Log records of workers, which go to the run's log."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any


class Forwarding(logging.Handler):
    """Sends each record as JSON data; see `log_received`.

    Args:
        send: Takes the data.
    """

    def __init__(self, send: Callable[[dict[str, Any]], object]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record, with its traceback as text."""
        try:
            self._send({"name": record.name, "level": record.levelno, "text": self.format(record)})
        except Exception:
            self.handleError(record)


def forward_logs(send: Callable[[dict[str, Any]], object]) -> None:
    """Send all log records and warnings of this process from now on.

    Args:
        send: Takes each record as JSON data.
    """
    root = logging.getLogger()
    root.handlers = [Forwarding(send)]
    root.setLevel(logging.INFO)
    warnings.simplefilter("default")
    logging.captureWarnings(True)


def log_received(data: dict[str, Any], worker: str) -> None:
    """Log a record of a worker here.

    Args:
        data: What `forward_logs` has sent.
        worker: The worker's name.
    """
    logging.getLogger(data["name"]).log(data["level"], "%s: %s", worker, data["text"])
