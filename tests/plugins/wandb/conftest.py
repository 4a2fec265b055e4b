"""Fixtures: a process that tracks a run, and a server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import environment
from wandb_run import DRIVER, SECRET, Server, Track


@pytest.fixture
def track(tmp_path: Path) -> Iterator[Track]:
    """Start a process that tracks a run in `tmp_path`/run, as the core would."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, options: Any = None, **variables: str) -> subprocess.Popen[str]:
        home = {"HOME": str(tmp_path / "home"), "PASSWORD": SECRET}
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, json.dumps(options or {}), *arguments],
            cwd=tmp_path,
            env=environment(**{**home, **variables}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on a free port."""
    server = Server()
    yield server
    server.stop()
