"""A server says whether it is ready, answers what it has begun, and then ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from conftest import environment
from model_server import ModelServer, free_port
from wire import Wire

SERVER = Path(__file__).with_name("routes_server.py")
Connect = Callable[[ModelServer], Wire]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_answers_what_it_has_begun_and_turns_away_the_rest(
    number: signal.Signals, start: Callable[..., ModelServer], wires: Connect
) -> None:
    server = start()
    predicted, arriving, kept, silent = (wires(server) for _ in range(4))
    kept.post("/predict", "1")
    assert kept.answer().status == 200
    predicted.post("/sleep", "1.5")
    arriving.post("/predict", "12345", length=6)
    assert server.call("POST", "/predict", b"1").status == 200

    server.process.send_signal(number)
    late = server.wait_until(503, "POST", "/predict", b"1")
    assert late.headers["connection"] == "close"
    assert late.json["error"] == "the service is being stopped"
    assert server.wait_until(503).json == {"status": "stopping"}
    assert server.call("GET", "/livez").status == 200
    kept.post("/predict", "1")
    assert kept.answer().headers["connection"] == "close"
    arriving.send("6")
    assert arriving.answer().json["bytes"] == 6
    assert predicted.answer().json == {"slept": True}
    assert server.process.wait(100) == 0
    assert silent.is_dropped()


def test_a_server_that_has_nothing_to_answer_ends_at_once(
    start: Callable[..., ModelServer], wires: Connect
) -> None:
    server = start()
    idle = wires(server)
    idle.post("/predict", "1")
    assert idle.answer().status == 200
    server.process.terminate()
    assert server.process.wait(100) == 0


@pytest.mark.parametrize("ended", [False, True], ids=["until it is ready", "until it is stopped"])
def test_it_listens_while_it_loads_and_says_so(ended: bool, tmp_path: Path) -> None:
    port, loaded = free_port(), tmp_path / "loaded"
    options = json.dumps({"loading": str(loaded)})
    command = [sys.executable, str(SERVER), options, "--port", str(port)]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as process:
        server = ModelServer(process, port, SERVER)
        try:
            assert server.wait_until(503).json == {"status": "loading"}
            assert server.call("GET", "/livez").status == 200
            early = server.call("POST", "/predict", b"1")
            assert (early.status, early.headers["retry-after"]) == (503, "1")
            if ended:
                process.terminate()
                assert process.wait(100) == 0
                return
            loaded.touch()
            server.wait_until(200)
            assert server.call("POST", "/predict", b"1").status == 200
        finally:
            server.end()


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_server_whose_model_cannot_be_loaded_ends_with_the_reason(workers: int) -> None:
    options = json.dumps({"fails": 1, "workers": workers})
    command = [sys.executable, str(SERVER), options, "--port", str(free_port())]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == (2 if workers == 1 else 1)
    assert "mlfw: model: damaged.\n  Copy it again.\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_processes_share_a_port(start: Callable[..., ModelServer]) -> None:
    server = start({"MLFW_TOKEN": "a-token-that-nobody-guesses"}, workers=2)
    assert server.call("POST", "/predict", b"1").status == 401
    assert len(psutil.Process(server.process.pid).children()) >= 2
    server.process.terminate()
    assert server.process.wait(100) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="what is loaded is looked up in /proc")
def test_it_runs_on_uvloop_and_httptools(start: Callable[..., ModelServer]) -> None:
    server = start()
    loaded = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert [name for name in ("/uvloop/", "/httptools/") if name not in loaded] == []
