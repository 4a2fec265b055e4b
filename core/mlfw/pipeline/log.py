"""The run's log: what libraries say, and tracebacks, go there and not to the terminal."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlfw.hints import printable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Send the log records and warnings of the block to a file, at its end.

    Loggers keep their own level; handlers of the root that write to the terminal are put aside
    for as long.
    """
    root = logging.getLogger()
    handler = _LogFile(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(FORMAT))
    before = root.handlers[:]
    root.handlers = [handler]
    level = root.level
    root.setLevel(logging.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(True)
        try:
            yield
        finally:
            logging.captureWarnings(False)
            root.handlers = before
            root.setLevel(level)
            handler.close()


class _LogFile(logging.FileHandler):
    """Loses what the disk has no room for: no log is worth ending a run for."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's text, in which nothing commands the terminal that shows the file."""
        return printable(super().format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Leave a record out that cannot be written."""

    def close(self) -> None:
        """Close the file, whatever is left to be written."""
        with suppress(OSError):
            super().close()
