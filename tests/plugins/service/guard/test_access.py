"""Who may call: known names, and whoever sends the token."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlfw_service import own_names
from mlfw_service.guard.access import Access
from model_server import ModelServer
from wire import Wire

Server = tuple[str, int | None] | None
TOKEN = "a-token-that-nobody-guesses"
OPEN = Access(insecure=True, hosts=frozenset({"model.example", "*.cluster.local"}))


def status(
    access: Access, server: tuple[str, int | None] | None = ("127.0.0.1", 1), **headers: str
) -> int:
    listed = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    refusal = access.refusal({"headers": listed, "server": server})
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:3000", "localhost.", "127.0.0.1:3000", "[::1]:3000"),
        *("model.example:80", "a.cluster.local", "10.0.0.7:3000", "[fd00::7]"),
    ],
)
def test_it_answers_under_its_names_and_addresses(host: str) -> None:
    assert [status(OPEN, host=host) for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("cluster.local", "notmodel.example", "model.example.evil", "0x7f000001", "127.1"),
    ],
)
def test_it_does_not_answer_under_other_names(host: str) -> None:
    assert [status(OPEN, host=host) for _ in range(2)] == [421, 421]


@pytest.mark.parametrize("host", ["", "a b", "localhost:x", "localhost/", "user@localhost", "[::1"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    assert status(OPEN, host=host) == 400


@given(st.text(st.characters(max_codepoint=255), max_size=30))
def test_no_odd_host_is_let_through(host: str) -> None:
    headers = [(b"host", host.encode("latin-1"))]
    refusal = Access(insecure=True).refusal({"headers": headers, "server": None})
    known = host.lower().partition(":")[0].rstrip(".") == "localhost"
    assert refusal is not None or known or host.strip("[]:.0123456789abcdefABCDEF") == ""


def test_the_host_has_to_be_there_once() -> None:
    assert status(OPEN) == 400
    twice = [(b"host", b"localhost"), (b"host", b"localhost")]
    refusal = OPEN.refusal({"headers": twice, "server": None})
    assert refusal is not None
    assert refusal.status == 400


def test_all_names_can_be_allowed() -> None:
    assert status(Access(insecure=True, hosts=frozenset("*")), host="whatever.example") == 200


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        ("Basic " + b64encode(f"me:{TOKEN}".encode()).decode(), 200),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        ("Bearer", 401),
        ("Bearer é", 401),
        (TOKEN, 401),
        (f"Digest {TOKEN}", 401),
        ("Basic ?", 401),
        ("Basic " + b64encode(TOKEN.encode()).decode(), 401),
    ],
)
def test_only_the_token_opens(sent: str, wanted: int) -> None:
    assert status(Access(token=TOKEN), host="localhost", authorization=sent) == wanted


def test_who_sends_no_token_is_told_how() -> None:
    listed = [(b"host", b"localhost"), (b"accept", b"text/html,*/*")]
    refusal = Access(token=TOKEN).refusal({"headers": listed, "server": None})
    assert refusal is not None
    schemes = [value.split()[0] for name, value in refusal.headers if name == b"www-authenticate"]
    assert (refusal.status, schemes) == (401, [b"Bearer", b"Basic"])
    assert TOKEN.encode() not in refusal.content


@pytest.mark.parametrize(
    ("server", "wanted"),
    [
        (("127.0.0.1", 3000), 200),
        (("::1", 3000), 200),
        (("/run/model.sock", None), 200),
        (None, 200),
        (("172.17.0.2", 3000), 403),
        (("fd00::7", 3000), 403),
    ],
)
def test_without_a_token_other_machines_may_call_only_where_that_is_said(
    server: Server, wanted: int
) -> None:
    assert status(Access(), server, host="localhost") == wanted
    assert status(Access(insecure=True), server, host="localhost") == 200


def test_the_environment_says_who_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFW_TOKEN", "MLFW_TOKEN_FILE", "MLFW_INSECURE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFW_HOSTS", "A.example, b.example")
    access = Access.from_environment(["c.example"])
    assert access == Access(hosts=frozenset({"a.example", "b.example", "c.example"}))
    monkeypatch.setenv("MLFW_TOKEN", TOKEN)
    monkeypatch.setenv("MLFW_INSECURE", "1")
    access = Access.from_environment([])
    assert (access.token, access.insecure, TOKEN in repr(access)) == (TOKEN, True, False)


def test_a_public_address_is_known_by_the_machines_name() -> None:
    assert own_names("127.0.0.1") == frozenset()
    assert own_names("Model.example") == {"model.example"}
    assert len(own_names("0.0.0.0")) == 1


def test_a_server_with_a_token_is_closed_but_for_its_health(
    start: Callable[..., ModelServer], wires: Callable[[ModelServer], Wire]
) -> None:
    server = start({"MLFW_TOKEN": TOKEN})
    right: dict[str, Any] = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    assert server.call("POST", "/predict", b"12", **right).json["bytes"] == 2
    refused = server.call("POST", "/predict", b"12")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="mlfw"')
    assert server.call("GET", "/nowhere").status == 401
    foreign = server.call("GET", "/livez", headers={"Host": "10.9.8.7:3000"})
    assert foreign.status == 200
    wrong = server.call("POST", "/predict", b"12", headers={"Authorization": f"Bearer {TOKEN}x"})
    assert wrong.status == 401
    rebound = {"Host": "evil.example", "Authorization": f"Bearer {TOKEN}"}
    assert server.call("POST", "/predict", b"12", headers=rebound).status == 421
    wire = wires(server)
    wire.post("/predict", "", length=50_000)
    assert wire.answer().status == 401  # before the body is read
    assert TOKEN not in server.log.read_text()
