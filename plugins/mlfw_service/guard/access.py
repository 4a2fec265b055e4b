"""Who may call: the names under which the service answers, and the token."""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import socket
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, field

from mlfw.tokens import read_token
from mlfw_service.asgi import Header, Scope
from mlfw_service.guard.answers import Answer

HOSTS, INSECURE = "MLFW_HOSTS", "MLFW_INSECURE"
ALWAYS = frozenset({"localhost", "127.0.0.1", "::1"})
HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?)\.?)(?::[0-9]+)?")
MOST_KNOWN = 256
BAD_HOST = Answer.error(400, "expected one Host header with a name and perhaps a port")
EXPECTED = "expected the header 'Authorization: Bearer TOKEN'"
CLOSED = Answer.error(
    403,
    "other machines may call only with a token: set MLFW_TOKEN, or MLFW_INSECURE=1 to let anybody "
    "call, where the service is started",
)


@dataclass
class Access:
    """Decides whether a request may be answered.

    A page of a foreign site can have its own name lead to this machine (DNS rebinding); what its
    visitors' browsers send then names that site in the Host header. So names have to be known.
    Addresses need not be: no browser can be misled about them.

    Attributes:
        hosts: Names under which the service answers, besides those of the loopback interface;
            `*.example.com` stands for all names below one, `*` for all.
        token: The token that callers have to send; empty for none.
        insecure: Whether other machines may call without a token.
    """

    hosts: frozenset[str] = frozenset()
    token: str = field(default="", repr=False)
    insecure: bool = False
    _known: set[bytes] = field(default_factory=set, repr=False)
    _local: dict[str, bool] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, hosts: Iterable[str]) -> Access:
        """Return what the options and the environment of the process say.

        Args:
            hosts: The names in the options; `MLFW_HOSTS` may hold more, with commas between them.

        Raises:
            UserError: `MLFW_TOKEN` or the file that `MLFW_TOKEN_FILE` names holds no token.
        """
        further = os.environ.get(HOSTS, "").split(",")
        names = (name.strip().lower().rstrip(".") for name in (*hosts, *further))
        return cls(
            hosts=frozenset(name for name in names if name),
            token=read_token(),
            insecure=os.environ.get(INSECURE, "").lower() in {"1", "true", "yes"},
        )

    def refusal(self, scope: Scope) -> Answer | None:
        """Return the answer to a request that may not be answered, or None."""
        host = given = None
        for name, value in scope["headers"]:
            if name == b"host":
                if host is not None:
                    return BAD_HOST
                host = value
            elif name == b"authorization":
                given = value
        if host not in self._known and (refused := self._host_refusal(host)):
            return refused
        if self.token:
            return None if self._is_token(given) else self._challenge(scope)
        return None if self.insecure or self._is_local(scope) else CLOSED

    def _host_refusal(self, host: bytes | None) -> Answer | None:
        match = HOST.fullmatch(host.decode("latin-1").lower()) if host else None
        if host is None or match is None:
            return BAD_HOST
        name = match[1] or match[2]
        if not (self._answers_to(name) or _is_address(name)):
            return Answer.error(
                421,
                f"this service does not answer as '{name[:80]}'; where it is started, add the name "
                f"to the option hosts or to {HOSTS}",
            )
        if len(self._known) < MOST_KNOWN:
            self._known.add(host)
        return None

    def _answers_to(self, name: str) -> bool:
        if name in ALWAYS or name in self.hosts or "*" in self.hosts:
            return True
        return any(each[:2] == "*." and name.endswith(each[1:]) for each in self.hosts)

    def _is_token(self, given: bytes | None) -> bool:
        """Compare what was sent with the token; the time that takes tells nothing of it."""
        scheme, _, sent = (given or b"").partition(b" ")
        if scheme.lower() == b"basic":
            try:
                sent = b64decode(sent.strip(), validate=True).partition(b":")[2]
            except ValueError:
                sent = b""
        elif scheme.lower() != b"bearer":
            sent = b""
        return hmac.compare_digest(sent.strip(), self.token.encode())

    def _challenge(self, scope: Scope) -> Answer:
        """Return the answer that asks for the token, a browser for a password."""
        accepts = b"".join(value for name, value in scope["headers"] if name == b"accept")
        headers: list[Header] = [(b"www-authenticate", b'Bearer realm="mlfw"')]
        if b"text/html" in accepts:
            headers.append((b"www-authenticate", b'Basic realm="mlfw: the password is the token"'))
        return Answer.error(401, EXPECTED, headers)

    def _is_local(self, scope: Scope) -> bool:
        """Tell whether a request came to a loopback address or through a local socket."""
        server = scope.get("server")
        if not server or server[1] is None:
            return True
        address = str(server[0])
        if address not in self._local:
            self._local[address] = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        return self._local[address]


def own_names(host: str) -> frozenset[str]:
    """Return the names by which callers may know an address that is listened on.

    Args:
        host: The address or the name to listen on.
    """
    if _is_address(host):
        public = not ipaddress.ip_address(host.partition("%")[0]).is_loopback
        return frozenset({socket.gethostname().lower()} if public else ())
    return frozenset({host.lower()})


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
