"""Limits of connections, and which of them wait for their clients."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlfw_service.guard.protocol import GuardedProtocol

CONNECTIONS: Final = "mlfw_service.connections"  # its key in the state of ASGI's lifespan
MAX_CONNECTIONS = 1000
RESERVED_FILES = 100  # files and sockets that a process needs for other things


def most_connections() -> int:
    """Return how many connections a process can hold: fewer than it may open files."""
    try:
        import resource
    except ImportError:  # on Windows
        return MAX_CONNECTIONS
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(MAX_CONNECTIONS, allowed - RESERVED_FILES), 1)


@dataclass(kw_only=True)
class Connections:
    """The limits of a process's connections.

    Attributes:
        header_timeout: Seconds within which the head of a request has to arrive.
        keep_alive: Seconds after which a connection without a request is closed. It is longer than
            the 60 seconds of usual load balancers, so that these close first.
        linger: Seconds for a client to send the rest of a body that was refused, or to fetch the
            rest of an answer.
        max_head: Most bytes of a request line and its headers.
        most: Most open connections. A new one beyond that takes the place of the one that has
            waited longest for its client.
        pipelined: Most requests of one connection that wait for an answer.
        waiting: The connections that wait for a request or the rest of one, the longest waiting
            first.
    """

    header_timeout: float = 10.0
    keep_alive: float = 75.0
    linger: float = 5.0
    max_head: int = 32_768
    most: int = field(default_factory=most_connections)
    pipelined: int = 64
    waiting: dict[GuardedProtocol, None] = field(default_factory=dict, repr=False)

    def make_room(self) -> bool:
        """Close the connection that has waited longest; tell whether there was one."""
        if not self.waiting:
            return False
        longest = next(iter(self.waiting))
        del self.waiting[longest]
        longest.drop()
        return True
