"""Reaching a database: its driver, its connection, and what can go wrong on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from mlfw import MlfwError, UserError
from mlfw_sql.drivers import missing_driver, preferred, unknown_dialect
from mlfw_sql.limits import Deadline, Limits
from mlfw_sql.secrets import redact, shown

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

CONNECT_SECONDS = 15
KEPT = ("immutable", "nolock")  # the options of an SQLite URL that change nothing in a file
LEAST_SQLITE, MOST_SQLITE = 10**6, 10**9  # statements count too
TOO_BIG = "string or blob too big"
LONGEST_NAME = 255
WITH_TIMEOUT = ("psycopg", "psycopg2", "pymysql", "mysqldb")
READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


@dataclass(frozen=True)
class Database:
    """A database that can be connected to.

    Attributes:
        url: Where it is.
        engine: What connects to it.
        limits: How much reading may take.
    """

    url: URL
    engine: Engine
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, text: str, limits: Limits) -> Database:
        """Return the database that a URL names, without connecting to it.

        Raises:
            UserError: The URL is none, or its driver is unknown or not installed.
        """
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError

        url = _url(text)
        try:
            return cls(url, _engine(url, limits), limits)
        except NoSuchModuleError:
            raise unknown_dialect(url) from None
        except ModuleNotFoundError as error:
            raise missing_driver(url, str(error.name)) from None
        except (ArgumentError, TypeError, ValueError) as error:
            raise UserError(f"dataset.url: {redact(str(error), url)}.") from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that may only read and streams what it reads.

        Raises:
            UserError: The database cannot be reached or lets nobody in.
        """
        from sqlalchemy.exc import SQLAlchemyError

        options: dict[str, Any] = {"stream_results": True}
        if self.engine.dialect.name == "postgresql":
            options["postgresql_readonly"] = True
        try:
            connection = self.engine.connect().execution_options(**options)
            if self.engine.dialect.name in READ_ONLY:
                connection.exec_driver_sql(READ_ONLY[self.engine.dialect.name])
            self._set_timeout(connection)
        except (SQLAlchemyError, OSError) as error:
            raise UserError(
                f"dataset.url: cannot connect to {shown(self.url)}: {self.sentence(error)}",
                "Check that the database is there and running, the user's name and the password.",
            ) from None
        with connection, Deadline(connection, self.limits.seconds) as deadline:
            try:
                yield connection
            except MlfwError:
                if deadline.passed:
                    raise self.limits.over_time() from None
                raise

    def _set_timeout(self, connection: Connection) -> None:
        """Let the server keep the time too, as a driver may not be able to end a query."""
        from sqlalchemy.exc import DBAPIError

        dialect = self.engine.dialect
        name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
        statement = self.limits.timeout(name)
        if statement is None:
            return
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError:  # an old server without the setting
            connection.rollback()

    @contextmanager
    def asked(self, key: str, remedy: str) -> Iterator[None]:
        """Turn what the database or its driver raises in the block into a message about a key.

        Nothing is raised from the original, whose text may hold the URL.
        """
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except MlfwError:
            raise
        except SQLAlchemyError as error:
            if TOO_BIG in self.sentence(error) and self.limits.bytes is not None:
                raise self.limits.over_bytes() from None
            raise UserError(f"{key}: the database says: {self.sentence(error)}", remedy) from None
        except Exception as error:
            reason = f"{type(error).__name__}: {self.sentence(error)}"
            raise MlfwError(f"{key}: reading failed: {reason}") from None

    def sentence(self, error: Exception) -> str:
        """Return what the database itself said, in one line, without secrets."""
        said = getattr(error, "orig", None) or error
        # MySQL's drivers raise (number, sentence).
        text = str(said.args[-1] if len(said.args) == 2 else said)
        lines = [line.strip() for line in text.splitlines() if line.strip(" \t^")]
        return redact(" ".join(lines) or type(said).__name__, self.url).rstrip(".") + "."


def _url(text: str) -> URL:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError):
        # The text is not repeated: it may hold a password.
        raise UserError(
            "dataset.url: not a database URL.",
            "Expected DATABASE://USER@HOST/NAME, for example sqlite:///shop.db",
        ) from None
    if url.drivername == "postgres":
        url = url.set(drivername="postgresql")
    driver = preferred(url)
    return url.set(drivername=f"{url.drivername}+{driver}") if driver else url


def _engine(url: URL, limits: Limits) -> Engine:
    from sqlalchemy import NullPool, create_engine

    options: dict[str, Any] = {"poolclass": NullPool, "hide_parameters": True}
    if url.get_dialect().is_async:
        raise UserError(
            f"dataset.url: the driver of '{url.drivername}' is an asynchronous one.",
            f"Leave it out: {url.get_backend_name()}://...",
        )
    backend = url.get_backend_name()
    if backend == "sqlite":
        options |= _sqlite(url, limits)
        if "creator" in options:  # which has seen to them
            url = url.set(query={})
    elif url.get_driver_name() in WITH_TIMEOUT and "connect_timeout" not in url.query:
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    return create_engine(url, **options)


def _sqlite(url: URL, limits: Limits) -> dict[str, Any]:
    """Open the file for reading only, whatever the URL says; SQLite would make a missing one."""
    import sqlite3

    text = url.database or ""
    options = {name: url.query[name] for name in KEPT if name in url.query}
    if text.startswith("file:"):
        text, _, written = text.removeprefix("file:").partition("?")
        options |= {name: value for name, value in parse_qsl(written) if name in KEPT}
        text = unquote(text.partition("#")[0])
        text = text.removeprefix("//localhost") if text.startswith("//") else text
    if text in ("", ":memory:") or "memory" in (url.query.get("mode"), options.get("mode")):
        raise UserError(
            "dataset.url: a database in memory holds no rows.",
            "Name a file: sqlite:///shop.db, or sqlite:////data/shop.db from the root.",
        )
    path = Path(text)
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for a long name
        raise UserError(
            f"dataset.url: {path.absolute()}: {_no_file(path)}.",
            "Check the path: after sqlite:/// it counts from the current folder.",
        )
    if url.get_driver_name() != "pysqlite":
        return {}
    query = "&".join(f"{name}={quote(str(value))}" for name, value in options.items())
    address = f"file:{quote(str(path.absolute()))}?mode=ro{'&' if query else ''}{query}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True)
        if limits.bytes is not None:
            most = min(max(limits.bytes, LEAST_SQLITE), MOST_SQLITE)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, most)
        return connection

    return {"creator": connect}


def _no_file(path: Path) -> str:
    if len(path.name) > LONGEST_NAME:
        return "no file has so long a name"
    if path.is_dir():
        return "is a folder, expected a file"
    if path.is_symlink():
        return "no such file where this link leads"
    return "is a pipe or a device, expected a file" if path.exists() else "no such file"
