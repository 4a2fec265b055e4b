"""Bodies are read whole, within a time and a size, before a request takes a slot."""

from __future__ import annotations

import select
from collections.abc import Callable

import pytest

from conftest import ROOT
from model_server import ModelServer
from wire import Wire

MOST = 100_000


@pytest.fixture(scope="module")
def server(start: Callable[..., ModelServer]) -> ModelServer:
    """Two predictions at a time."""
    return start(linger=0.5, max_body=MOST)


@pytest.fixture(scope="module")
def impatient(start: Callable[..., ModelServer]) -> ModelServer:
    """A second for a body, half a second for a prediction."""
    return start(body_timeout=1.0, timeout=0.5)


def test_requests_that_are_incomplete_keep_nobody_from_being_answered(
    server: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    slow = [wires(server) for _ in range(20)]
    for wire in slow:
        wire.post("/predict", "12345", length=6)
    assert server.call("POST", "/predict", b"1234").json["bytes"] == 4
    assert server.call("GET", "/readyz").status == 200
    slow[0].send("6")
    assert slow[0].answer().json["bytes"] == 6


def test_a_body_has_to_arrive_in_time(
    impatient: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    wire = wires(impatient)
    wire.post("/predict", "12345", length=6)
    late = wire.answer()
    assert (late.status, late.headers["connection"]) == (408, "close")
    assert "did not arrive in 1 seconds" in late.json["error"]
    assert wire.is_dropped()


def test_a_body_that_trickles_is_given_up(
    impatient: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    wire = wires(impatient)
    wire.post("/predict", "", length=MOST)
    assert wire.trickle("x")


def test_a_body_may_be_as_large_as_is_said_and_no_larger(server: ModelServer) -> None:
    assert server.call("POST", "/predict", b"x" * MOST).json["bytes"] == MOST
    larger = server.call("POST", "/predict", b"x" * (MOST + 1))
    assert (larger.status, "at most 100000 bytes" in larger.json["error"]) == (413, True)


@pytest.mark.parametrize("length", [MOST + 1, 10**15, 10**18 + 7])
def test_too_large_a_body_is_refused_before_it_is_sent(
    length: int, server: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    wire = wires(server)
    wire.post("/predict", "", "Expect: 100-continue", length=length)
    assert wire.answer().status == 413
    assert wire.is_dropped()


def test_chunks_are_counted(server: ModelServer, wires: Callable[[ModelServer], Wire]) -> None:
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire = wires(server)
    wire.send(head + "1\r\nx\r\n" * 2000 + "0\r\n\r\n")
    assert wire.answer().json["bytes"] == 2000
    wire.send(head + f"{MOST + 1:x}\r\n" + "x" * (MOST + 1) + "\r\n0\r\n\r\n")
    assert wire.answer().status == 413


def test_the_framing_of_chunks_is_counted(
    server: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    extension, trailer = wires(server), wires(server)
    extension.send(head)
    assert extension.trickle("1;" + "e" * 20_000 + "\r\nx\r\n")
    trailer.send(f"{head}1\r\nx\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
    assert trailer.answer().json == {"bytes": 1, "headers": ["host", "transfer-encoding"]}
    trailer.send(f"{head}1\r\nx\r\n0\r\n")
    assert trailer.trickle("Trailer: " + "t" * 10_000 + "\r\n")


def test_what_is_refused_early_is_read_on_for_a_while_only(
    server: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    wire = wires(server)
    wire.post("/predict", "", length=MOST * 1000)
    assert wire.answer().status == 413
    assert wire.trickle("x" * 1000)


def test_large_bodies_have_room_only_together(
    start: Callable[..., ModelServer], wires: Callable[[ModelServer], Wire]
) -> None:
    server = start(max_body=1_000_000, body_timeout=300.0)
    held = [wires(server) for _ in range(5)]
    for wire in held:
        wire.post("/predict", "x" * 999_999, length=1_000_000)
    answered = select.select([wire.connection for wire in held], [], [], 60)[0]
    (refused,) = (wire for wire in held if wire.connection in answered)
    assert refused.answer().status == 503
    assert server.call("POST", "/predict", b"x" * 50_000).json["bytes"] == 50_000
    held.remove(refused)
    for wire in held:
        wire.send("x")
    assert [wire.answer().json["bytes"] for wire in held] == [1_000_000] * 4
    assert server.call("POST", "/predict", b"x" * 900_000).json["bytes"] == 900_000


def test_more_predictions_than_it_takes_at_once_are_turned_away(
    server: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    busy = [wires(server), wires(server)]
    for wire in busy:
        wire.post("/hold", "")
    turned_away = server.wait_until(429, "POST", "/predict", b"x")
    assert turned_away.headers["retry-after"] == "1"
    assert list(turned_away.json) == ["error", "details"]
    assert server.call("GET", "/livez").status == 200
    overloaded = server.call("GET", "/readyz")
    assert (overloaded.status, overloaded.json) == (503, {"status": "overloaded"})
    for wire in busy:
        wire.close()
    server.wait_until(200)
    assert server.wait_until(200, "POST", "/predict", b"1234").json["bytes"] == 4


def test_a_prediction_that_takes_too_long_is_given_up(impatient: ModelServer) -> None:
    late = impatient.call("POST", "/sleep", b"30")
    assert (late.status, late.json["error"]) == (504, "took over 0.5 seconds")
    assert impatient.call("GET", "/readyz").status == 200


def test_clients_that_go_leave_nothing_behind(
    server: ModelServer, wires: Callable[[ModelServer], Wire]
) -> None:
    for begun in ("", "12345"):
        for _ in range(10):
            wire = wires(server)
            wire.post("/predict", begun, length=6)
            wire.close()
    for _ in range(4):
        wire = wires(server)
        wire.post("/sleep", "0.3")
        wire.close()
    assert server.wait_until(200, "POST", "/predict", b"1234").json["bytes"] == 4


def test_nothing_of_the_guard_fetches_anything() -> None:
    for file in (ROOT / "plugins/mlfw_service").rglob("*.py"):
        text = file.read_text()
        assert not [
            name
            for name in ("urllib.request", "http.client", "requests", "httpx", "aiohttp")
            if f"import {name}" in text or f"from {name}" in text
        ], file
