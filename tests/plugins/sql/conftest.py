"""A shop's customers, in SQLite and in a PostgreSQL server that is started for the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import URL

if TYPE_CHECKING:
    import psycopg

PASSWORD = "s3cret/pa:ss w@rd"
ROWS = [
    (
        number,
        20 + number % 50,
        number * 1.25,
        number % 2,
        f"2024-01-{number % 28 + 1:02}",
        f"2024-02-{number % 28 + 1:02} 10:30:00",
        f"a customer, number {number}",
        "yes" if number % 3 else "no",
    )
    for number in range(1, 121)
]
COLUMNS = "id, age, spent, member, born, seen, note, churned"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep nothing of a test for the next one."""
    monkeypatch.setenv("MLFW_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SQLite database in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, age INTEGER, spent DECIMAL(8, 2), "
            "member BOOLEAN, born DATE, seen DATETIME, note TEXT, churned TEXT)"
        )
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ROWS)
        connection.execute("CREATE TABLE empty (id INTEGER)")
        connection.execute("CREATE VIEW members AS SELECT * FROM customers WHERE member")
    connection.close()
    return path


@pytest.fixture
def numbers(shop: Path) -> int:
    """A long table beside the customers; how many rows it has."""
    rows = 125_000
    with closing(sqlite3.connect(shop)) as connection, connection:
        connection.execute("CREATE TABLE numbers (i INTEGER PRIMARY KEY, odd BOOLEAN)")
        connection.executemany(
            "INSERT INTO numbers VALUES (?, ?)", ((i, i % 2) for i in range(rows))
        )
    return rows


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server on the loopback interface."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def connect(self) -> psycopg.Connection:
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="mlfw", password=PASSWORD, dbname="postgres"
        )

    def url(self, password: str = PASSWORD) -> str:
        url = URL.create("postgresql", "mlfw", password, "127.0.0.1", self.port, "postgres")
        return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """Start a server that nobody but these tests knows, and stop it by its process."""
    if shutil.which("initdb") is None or shutil.which("postgres") is None:
        pytest.skip("PostgreSQL's initdb and postgres are not installed")
    pytest.importorskip("psycopg")
    user = _other_user()
    folder = Path(tempfile.mkdtemp(prefix="mlfw-pg-", dir="/tmp"))
    try:
        server = _start(folder, user)
        try:
            _fill(server)
            yield server
        finally:
            os.kill(_pid(server), signal.SIGINT)
            server.process.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> list[str]:
    """Return what a command begins with: PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return []
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    if shutil.which("setpriv") is None or subprocess.run([*as_nobody, "true"]).returncode:
        pytest.skip("PostgreSQL refuses root, and no other user can be taken")
    return as_nobody


def _start(folder: Path, user: list[str]) -> Server:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if user:
        shutil.chown(folder, "nobody")
        shutil.chown(secret, "nobody")
    data = folder / "data"
    quickly = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
    made = subprocess.run(
        [*user, "initdb", "-D", data, "-U", "mlfw", "--pwfile", secret, *quickly],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"initdb: {made.stderr.strip().splitlines()[-1]}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off"}
    settings = [f"-c{name}={value}" for name, value in options.items()]
    log = (folder / "log.txt").open("wb")
    process = subprocess.Popen(
        [*user, "postgres", "-D", data, "-p", str(port), *settings], cwd=folder, stderr=log
    )
    server = Server(port, folder, process)
    _wait(server)
    return server


def _pid(server: Server) -> int:
    return int((server.folder / "data/postmaster.pid").read_text().splitlines()[0])


def _wait(server: Server) -> None:
    import psycopg

    for _ in range(200):
        assert server.process.poll() is None, (server.folder / "log.txt").read_text()
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise TimeoutError("PostgreSQL did not start")


def _fill(server: Server) -> None:
    with server.connect() as connection:
        connection.execute(
            "CREATE TABLE customers (id INT PRIMARY KEY, age INT, spent NUMERIC(8, 2), "
            "member BOOLEAN, born DATE, seen TIMESTAMPTZ, note TEXT, churned TEXT)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO customers VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [(*row[:3], bool(row[3]), *row[4:]) for row in ROWS],
            )
        connection.execute("CREATE SEQUENCE numbers")
        connection.execute("CREATE SCHEMA sales")
        connection.execute('CREATE TABLE sales."Odd % Name" AS SELECT * FROM customers')
