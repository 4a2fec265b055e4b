"""A connection on which anything can be sent, for tests of servers."""

from __future__ import annotations

import http.client
import socket
import time
from dataclasses import dataclass, field
from typing import BinaryIO

from model_server import Answer


@dataclass
class Wire:
    """A connection to a server, used by hand."""

    port: int
    connection: socket.socket = field(init=False)
    file: BinaryIO = field(init=False)

    def __post_init__(self) -> None:
        self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.file = self.connection.makefile("rb")

    def send(self, text: str | bytes) -> None:
        """Send something, whatever it is."""
        self.connection.sendall(text.encode() if isinstance(text, str) else text)

    def post(self, path: str, body: str, *headers: str, length: int | None = None) -> None:
        """Send a request, perhaps announcing a longer body than there is."""
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", *headers]
        announced = len(body) if length is None else length
        self.send("\r\n".join([*lines, f"Content-Length: {announced}", "", body]))

    def answer(self) -> Answer:
        """Wait for the next answer, which announces its length."""
        line = self.file.readline()
        assert line, "the server has closed the connection"
        named = {
            name.lower(): value for name, value in http.client.parse_headers(self.file).items()
        }
        body = self.file.read(int(named["content-length"]))
        return Answer(int(line.split()[1]), named, body)

    def is_dropped(self, seconds: float = 60) -> bool:
        """Tell whether the server closes the connection before the time is over."""
        self.connection.settimeout(seconds)
        try:
            while self.connection.recv(65_536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    def trickle(self, piece: str, seconds: float = 60) -> bool:
        """Send a piece again and again; tell whether the server puts an end to it."""
        end = time.monotonic() + seconds
        self.connection.settimeout(0.05)
        while time.monotonic() < end:
            try:
                self.send(piece)
                if not self.connection.recv(65_536):
                    return True
            except TimeoutError:
                continue
            except ConnectionError:
                return True
        return False

    def close(self) -> None:
        """Close the connection."""
        self.file.close()
        self.connection.close()
