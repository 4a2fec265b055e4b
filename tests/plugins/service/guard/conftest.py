"""Guarded servers, and connections to them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import environment
from model_server import ModelServer, start_server
from wire import Wire

SERVER = Path(__file__).with_name("routes_server.py")
Start = Callable[..., ModelServer]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers with options of their own; they are stopped at the end."""
    servers: list[ModelServer] = []

    def begin(environ: dict[str, str] | None = None, **options: Any) -> ModelServer:
        folder = tmp_path_factory.mktemp("server") / "current"
        folder.mkdir()
        command = [sys.executable, SERVER, json.dumps(options)]
        servers.append(start_server(command, folder, environment(**(environ or {}))))
        return servers[-1]

    yield begin
    for server in servers:
        server.end()


@pytest.fixture
def wires() -> Iterator[Callable[[ModelServer], Wire]]:
    """Connect to servers; the connections are closed at the end."""
    made: list[Wire] = []

    def connect(server: ModelServer) -> Wire:
        made.append(Wire(server.port))
        return made[-1]

    yield connect
    for wire in made:
        wire.close()
