"""Connections are limited: slow and large heads, idle ones, unread answers, and their number."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_server import ModelServer
from wire import Wire

Connect = Callable[[ModelServer], Wire]
GET = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server(start: Callable[..., ModelServer]) -> ModelServer:
    """A minute for a head, and 30 connections."""
    return start(header_timeout=60.0, max_connections=30)


@pytest.fixture(scope="module")
def impatient(start: Callable[..., ModelServer]) -> ModelServer:
    """Half a second for a head, a second for the next request."""
    return start(header_timeout=0.5, keep_alive=1.0, linger=0.5)


def test_a_head_has_to_arrive_in_time(impatient: ModelServer, wires: Connect) -> None:
    wire = wires(impatient)
    wire.send("POST /predict HTTP/1.1\r\nHost: localhost\r\n")
    late = wire.answer()
    assert (late.status, late.headers["connection"]) == (408, "close")
    assert wire.is_dropped()


@pytest.mark.parametrize(
    ("begun", "piece"),
    [("", "\r\n"), ("", "G"), ("GET /livez HTTP/1.1\r\n", "X-A: b\r\n"), (GET, "\r\n")],
    ids=["blank lines", "a method", "headers", "blank lines behind a request"],
)
def test_a_head_that_trickles_is_given_up(
    begun: str, piece: str, impatient: ModelServer, wires: Connect
) -> None:
    wire = wires(impatient)
    wire.send(begun)
    assert wire.trickle(piece)


def test_connections_that_ask_for_nothing_are_closed(
    impatient: ModelServer, wires: Connect
) -> None:
    idle = wires(impatient)
    idle.send(GET)
    silent = wires(impatient)
    assert idle.answer().status == 200
    assert silent.is_dropped()
    assert idle.is_dropped()


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        ("GET /", "x" * 5000),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", "y" * 5000),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n" * 1000),
    ],
    ids=["a target", "a value", "many headers"],
)
def test_large_heads_are_refused(
    begun: str, piece: str, server: ModelServer, wires: Connect
) -> None:
    whole = wires(server)
    whole.send(begun + piece * 10)
    assert whole.answer().status == 431
    endless = wires(server)
    endless.send(begun)
    assert endless.trickle(piece, 5)


def test_a_head_of_usual_size_may_arrive_in_pieces(server: ModelServer, wires: Connect) -> None:
    wire = wires(server)
    wire.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nCookie: " + "c" * 9000)
    wire.send("d" * 9000)
    wire.send("\r\nX-More: " + "e" * 9000 + "\r\n\r\n")
    assert wire.answer().status == 200


def test_what_is_no_http_is_refused(server: ModelServer, wires: Connect) -> None:
    wire = wires(server)
    wire.send("\x16\x03\x01 hello\r\n\r\n")
    assert wire.answer().status == 400
    assert wire.is_dropped()


def test_requests_in_one_packet_are_answered_in_their_order(
    server: ModelServer, wires: Connect
) -> None:
    wire = wires(server)
    post = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}"
    wire.send("".join(post.format(n, "x" * n) for n in range(20)))
    assert [wire.answer().json["bytes"] for _ in range(20)] == list(range(20))
    wire.send(post.format(3, "x"))
    wire.send("xx")
    assert wire.answer().json["bytes"] == 3


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_does_not_matter_how_requests_are_cut(server: ModelServer, data: st.DataObject) -> None:
    post = "POST /predict HTTP/1.1\r\nHost: localhost\r\n{}\r\n\r\n{}"
    sizes = data.draw(st.lists(st.integers(0, 40), min_size=1, max_size=4))
    stream = ""
    for number, size in enumerate(sizes):
        chunked = "".join(f"1;ext\r\n{x}\r\n" for x in "x" * size) + "0\r\nT: r\r\n\r\n"
        head = "Transfer-Encoding: chunked" if number % 2 else f"Content-Length: {size}"
        stream += post.format(head, chunked if number % 2 else "x" * size)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=6)))
    wire = Wire(server.port)
    wire.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for start, end in itertools.pairwise([0, *cuts, len(stream)]):
        wire.send(stream[start:end])
        time.sleep(0.002)
    assert [wire.answer().json["bytes"] for _ in sizes] == sizes
    wire.close()


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_bytes_trouble_it(server: ModelServer, sent: bytes) -> None:
    wire = Wire(server.port)
    wire.send(sent)
    wire.close()
    assert server.call("POST", "/predict", b"1234").json["bytes"] == 4


def test_a_client_cannot_ask_for_everything_at_once(
    start: Callable[..., ModelServer], wires: Connect
) -> None:
    server = start(timeout=300.0)
    wire = wires(server)
    wire.post("/hold", "")
    wire.send(GET * 500)
    assert wire.is_dropped()
    server.wait_until(200)
    server.process.terminate()
    assert server.process.wait(100) == 0  # it has noticed that nobody waits for the first answer
    assert "Traceback" not in server.log.read_text()


def test_the_next_head_may_be_late_while_a_request_is_answered(
    impatient: ModelServer, wires: Connect
) -> None:
    wire = wires(impatient)
    wire.post("/sleep", "1.2")
    wire.send(GET[:20])
    assert wire.answer().json == {"slept": True}


def test_answers_that_nobody_fetches_are_thrown_away(
    impatient: ModelServer, wires: Connect
) -> None:
    wire = wires(impatient)
    wire.send("GET /large?50000000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wire.connection.settimeout(20)
    wire.connection.recv(1000)
    impatient.wait_until(200)
    assert _closed_by_server(impatient, wire)


def _closed_by_server(server: ModelServer, wire: Wire) -> bool:
    """Tell whether the server gives a connection up though its client reads nothing."""
    own = wire.connection.getsockname()[1]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = psutil.Process(server.process.pid).net_connections("tcp")
        if not any(each.raddr and each.raddr.port == own for each in found):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
def test_new_clients_take_the_place_of_those_that_have_kept_it_waiting(
    server: ModelServer, wires: Connect
) -> None:
    slow = [wires(server) for _ in range(15)]
    for wire in slow:
        wire.post("/predict", "12345", length=6)
    silent = [wires(server) for _ in range(20)]
    assert [server.call("POST", "/predict", b"1234").status for _ in range(40)] == [200] * 40
    assert slow[0].is_dropped()
    silent[-1].send(GET)
    assert silent[-1].answer().status == 200
