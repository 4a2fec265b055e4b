"""How much a query may take: rows, seconds and bytes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.hints import override

if TYPE_CHECKING:
    from sqlalchemy import Connection

# What a driver calls the method that ends what another thread waits for.
CANCELS = ("interrupt", "cancel")
TIMEOUTS = {
    "postgresql": "SET statement_timeout = {milliseconds}",
    "mysql": "SET SESSION MAX_EXECUTION_TIME = {milliseconds}",
    "mariadb": "SET SESSION max_statement_time = {seconds}",
}


@dataclass(frozen=True)
class Limits:
    """What reading may take.

    Attributes:
        rows: How many rows are read; None for all.
        seconds: How long it may take; None for ever.
        bytes: How much memory the rows may take; None for all there is.
    """

    rows: int | None = None
    seconds: float | None = None
    bytes: int | None = None

    def timeout(self, dialect: str) -> str | None:
        """Return the statement that makes a server keep the time itself, where there is one."""
        if self.seconds is None or dialect not in TIMEOUTS:
            return None
        milliseconds = max(int(self.seconds * 1000), 1)
        return TIMEOUTS[dialect].format(milliseconds=milliseconds, seconds=self.seconds)

    def check_bytes(self, size: int, rows: int, place: str) -> None:
        """Check the size of what has been read.

        Raises:
            UserError: It is too much.
        """
        if self.bytes is not None and size > self.bytes:
            raise UserError(
                f"{place}: the first {rows} rows take {size} bytes, more than "
                f"dataset.limit_bytes={self.bytes}.",
                "Ask for fewer columns, read fewer rows with "
                f"{override('dataset.limit_rows', max(rows // 2, 1))}, or allow more with "
                f"{override('dataset.limit_bytes', 2 * size)}",
            )

    def over_bytes(self) -> UserError:
        """Return the error for a single value that is too large."""
        assert self.bytes is not None
        return UserError(
            f"dataset.limit_bytes: one value takes more than dataset.limit_bytes={self.bytes}.",
            "Ask for less of it, or allow more: "
            f"{override('dataset.limit_bytes', 100 * self.bytes)}",
        )

    def over_time(self) -> UserError:
        """Return the error for a query that takes too long."""
        assert self.seconds is not None
        return UserError(
            f"dataset.limit_seconds: the database was not done after {self.seconds:g} s.",
            "Ask for less, or allow more time: "
            f"{override('dataset.limit_seconds', round(2 * self.seconds, 3))}",
        )


class Deadline:
    """Ends what a connection does once the time is over.

    Attributes:
        passed: Whether the time is over.
    """

    def __init__(self, connection: Connection, seconds: float | None) -> None:
        self.passed = False
        self._raw: Any = connection.connection.driver_connection
        self._timer = threading.Timer(seconds, self._end) if seconds is not None else None

    def _end(self) -> None:
        self.passed = True
        for name in CANCELS:
            if hasattr(self._raw, name):
                getattr(self._raw, name)()
                return

    def __enter__(self) -> Deadline:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
