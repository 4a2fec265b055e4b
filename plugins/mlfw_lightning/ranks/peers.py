"""Connections between the process that leads a run and those that follow, one each."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from mlfw_lightning.ranks.failure import Cause, Failure
from mlfw_lightning.ranks.lines import LineReader, LineWriter, Message


class Connection:
    """A connection over which messages go both ways, and a sign of life every second.

    Attributes:
        writer: Sends.
        reader: Receives, once `listen` has been called.
    """

    reader: LineReader

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(None)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connected
        self.writer = LineWriter(connected.makefile("wb"))
        Thread(target=self.writer.beat, daemon=True).start()

    def listen(self, receive: Callable[[Message], None]) -> None:
        """Hand on what comes from now on, in a thread of its own."""
        self.reader = LineReader(self._socket.makefile("rb"), receive)
        self.reader.start()

    def close(self) -> None:
        """Close it; the other side reads to the end what was sent before."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@dataclass
class Peer:
    """A process that follows, as the one that leads knows it.

    Attributes:
        connection: How it is reached.
        arrived: Set when it has said who it is.
        node: The number of its machine.
        local: Its number among the processes that a launcher started there.
        host: The name of its machine.
        options: The trainer's fields, as it was started with them.
        failures: How its ranks have failed in the current job.
        done: The last job that its ranks have ended by themselves.
        ready: The last job of which nothing runs there any more.
        stopped: Whether its ranks ended because they were asked to.
    """

    connection: Connection
    arrived: Event = field(default_factory=Event)
    node: int = -1
    local: int = 0
    host: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    done: int = 0
    ready: int = 0
    stopped: bool = False

    @property
    def name(self) -> str:
        """What to call it in messages."""
        process = f", process {self.local}" if self.local else ""
        return f"node {self.node} ({self.host}{process})"

    def lost(self, timeout: float) -> Failure | None:
        """Return that it has gone or not been heard of for long, where that is so."""
        reader = self.connection.reader
        if reader.gone:
            return Failure(Cause.node_gone, f"{self.name} has gone")
        if reader.silent >= timeout:
            problem = f"{self.name} has not been heard of for {timeout:g} s (trainer.timeout)"
            return Failure(Cause.frozen, problem)
        return None
