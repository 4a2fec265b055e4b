"""How much memory the service of a model takes: found by serving it once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from mlfw import MlfwError
from mlfw.files import read_json

MEBIBYTE = 1 << 20
STEP = 64  # mebibytes; a little more or less memory does not change the manifests
SECONDS = 120
ROWS = 1_000


@dataclass(frozen=True)
class Needs:
    """What the service takes.

    Attributes:
        idle: Mebibytes of memory once it is ready, all its processes together.
        busy: Mebibytes after it has predicted many rows.
    """

    idle: int
    busy: int

    @property
    def requested(self) -> int:
        """Mebibytes to ask for: what it takes, and a quarter more."""
        return rounded(1.25 * max(self.idle, self.busy))

    @property
    def limit(self) -> int:
        """Mebibytes beyond which something has gone wrong: twice what is asked for."""
        return 2 * self.requested


def rounded(mebibytes: float) -> int:
    """Return mebibytes as a multiple of 64."""
    return STEP * -(-int(mebibytes + 0.999) // STEP)


def seen_needs(model: Path, settings: Sequence[str]) -> Needs:
    """Serve a model on this machine's loopback interface and see what it takes.

    Args:
        model: The saved model's folder.
        settings: Words for the command line of `mlfw serve`.

    Raises:
        MlfwError: It does not become ready.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlfw", "serve", str(model), "--port", str(port), *settings]
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLFW_TOKEN")}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=own
    ) as process:
        try:
            _wait(process, port)
            idle = _memory(process.pid)
            _predict(port, model)
            return Needs(idle, _memory(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS)
            process.kill()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        if _answer(port, "GET", "/readyz") == 200:
            return
        time.sleep(0.05)
    process.kill()
    said = process.stderr.read().decode("utf-8", "replace").strip() if process.stderr else ""
    last = said.splitlines()[-1] if said else "it says nothing"
    raise MlfwError(f"the service, started to see what it needs, is not ready: {last}")


def _predict(port: int, model: Path) -> None:
    """Let the service predict the model's sample rows, over and over, if it has some."""
    sample = model / "sample.json"
    rows = read_json(sample).get("rows", []) if sample.is_file() else []
    if rows:
        many = (rows * (ROWS // len(rows) + 1))[:ROWS]
        _answer(port, "POST", "/predict", json.dumps(many).encode())


def _answer(port: int, method: str, path: str, body: bytes | None = None) -> int:
    """Return the status that a call is answered with; 0 where it isn't."""
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def _memory(pid: int) -> int:
    """Return the mebibytes that a process and those it has started take."""
    import psutil

    process = psutil.Process(pid)
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total // MEBIBYTE
