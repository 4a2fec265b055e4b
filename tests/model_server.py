"""A server process and calls to it, for tests of what serves models."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

JSON = "application/json"
START_SECONDS = 120
ANSWERS_IN_A_ROW = 24


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON in the strict sense."""

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} is no JSON")

        return json.loads(self.body, parse_constant=refuse)


@dataclass
class ModelServer:
    """A process that serves on a port of the loopback interface."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        kind: str = JSON,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Make one call on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": kind, **(headers or {})})
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def predict(self, rows: Any) -> Answer:
        """Post rows."""
        return self.call("POST", "/predict", json.dumps(rows).encode())

    def begin(self, body: bytes) -> socket.socket:
        """Begin a call to /predict that waits for the last byte of its body.

        It is under way for certain: the server has asked for the body.
        """
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\n"
        head += f"Content-Length: {len(body)}\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            asked += connection.recv(1)
        assert asked.startswith(b"HTTP/1.1 100 "), asked
        connection.sendall(body[:-1])
        return connection

    def finish(self, connection: socket.socket, body: bytes) -> Answer:
        """Send the last byte of a call that was begun, and return the answer."""
        connection.sendall(body[-1:])
        response = http.client.HTTPResponse(connection)
        response.begin()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    def end(self) -> None:
        """End the process and all it has started, whatever state they are in."""
        if self.process.poll() is not None:
            return
        started = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.kill()
        self.process.wait()

    def wait_until(
        self, status: int, method: str = "GET", path: str = "/readyz", body: bytes | None = None
    ) -> Answer:
        """Repeat a call until it is answered with a status, and return that answer."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            with suppress(OSError, http.client.HTTPException):
                answer = self.call(method, path, body)
                if answer.status == status:
                    return answer
            time.sleep(0.05)
        raise AssertionError(f"{path} did not answer {status}:\n{self.log.read_text()}")

    def wait_until_ready(self) -> None:
        """Wait until the server is ready, with all its workers.

        Workers share the port, so one answer speaks for one of them only.
        """
        self.wait_until(200)
        answers = 0
        while answers < ANSWERS_IN_A_ROW:
            ready = self.call("GET", "/readyz").status == 200
            answers = answers + 1 if ready else 0
            if not ready:
                self.wait_until(200)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(
    command: Sequence[object], folder: Path, environment: dict[str, str]
) -> ModelServer:
    """Start a server in a folder and wait until it is ready.

    Args:
        command: What to type but for the port, which is added.
        folder: The current folder of the process.
        environment: All its environment.
    """
    port = free_port()
    log = folder.parent / f"server-{port}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*map(str, command), "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    server = ModelServer(process, port, log)
    try:
        server.wait_until_ready()
    except BaseException:
        server.end()
        raise
    return server
