"""What a deployer that serves is asked to do."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlfw.errors import UserError, listing

NEARBY = 100  # ports tried when another one is to be suggested
FIRST_UNPRIVILEGED = 1024


@dataclass(frozen=True, kw_only=True)
class Serving:
    """Which models to serve, where, and to whom.

    Attributes:
        models: Folders of saved models by name, usually one. The first one is the default.
        host: The address to listen on.
        port: The port to listen on.
        token: What callers have to send as `Authorization: Bearer TOKEN`; empty where anybody may
            call. It is never to be printed, logged or passed on a command line.
        shares: Fractions of the calls that other models than the first one answer, by name. The
            first model answers the rest.
        shadows: Names of models that predict the same rows as well, without their answers being
            returned.
        latest: Folders of runs by the names of models that were asked for as `latest`; a deployer
            may serve the model of a newer run in their place.
    """

    models: Mapping[str, Path]
    host: str = "127.0.0.1"
    port: int = 3000
    token: str = field(default="", repr=False)
    shares: Mapping[str, float] = field(default_factory=dict)
    shadows: tuple[str, ...] = ()
    latest: Mapping[str, Path] = field(default_factory=dict)

    @property
    def public(self) -> bool:
        """Whether other machines can call, as the address is not a loopback one."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError:
            return True
        return not all(_is_loopback(str(address[0])) for *_, address in found)

    def only_model(self, deployer: str) -> tuple[str, Path]:
        """Return the name and the folder of the model, for a deployer that serves just one.

        Args:
            deployer: The deployer's name, for the message.

        Raises:
            UserError: There are several.
        """
        if len(self.models) > 1:
            raise UserError(
                f"deployer={deployer}: serves one model at a time, found {len(self.models)}: "
                f"{listing(self.models)}.",
                "Name one of them, and serve each of the others on a port of its own.",
            )
        return next(iter(self.models.items()))

    def listen(self) -> socket.socket:
        """Return a socket that is bound to the address, so that nobody else can take it.

        A deployer calls this before it loads a model, which may take long.

        Raises:
            UserError: The address is none of this machine, or the port is in use.
        """
        try:
            return _bound(self.host, self.port)
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise UserError(
                    f"--host {self.host}: expected an address of this machine.",
                    "Leave it out for this machine alone, or give 0.0.0.0 for all its networks.",
                ) from None
            raise UserError(
                f"--port {self.port}: cannot listen on {self.host}:{self.port}: "
                f"{error.strerror or error}.",
                "Stop what listens there, or choose another port: "
                f"--port {_free_port(self.host, self.port)}",
            ) from None


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _bound(host: str, port: int) -> socket.socket:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _free_port(host: str, port: int) -> int:
    """Return a port that is free now: one a little higher if there is one."""
    first = port + 1 if port >= FIRST_UNPRIVILEGED else 3000
    for candidate in [*range(first, min(first + NEARBY, 65536)), 0]:
        try:
            with _bound(host, candidate) as found:
                return int(found.getsockname()[1])
        except OSError:
            continue
    return first
