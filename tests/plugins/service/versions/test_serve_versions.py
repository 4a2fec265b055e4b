"""`mlfw serve` with several models, and new versions on SIGHUP."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import environment
from mlfw.files import new_folder
from mlfw.runs import RunDirectory
from model_server import ModelServer, start_server

pytestmark = pytest.mark.xdist_group("bentoml")

BODY = b'[{"x": 1}]'
HOUR = "3600"
Start = Callable[..., ModelServer]


@pytest.fixture
def start(level_site: str, tmp_path: Path) -> Iterator[Start]:
    """Start `mlfw serve` in a temporary folder; every server is ended with the test."""
    servers: list[ModelServer] = []
    folder = tmp_path / "current"
    folder.mkdir()

    def begin(*words: object) -> ModelServer:
        command = [sys.executable, "-m", "mlfw", "serve", *words]
        servers.append(start_server(command, folder, environment(PYTHONPATH=level_site)))
        return servers[-1]

    yield begin
    for server in servers:
        server.end()


def value(server: ModelServer, path: str = "/predict") -> Any:
    answer = server.call("POST", path, BODY)
    assert answer.status == 200, answer.body
    return answer.json[0]["prediction"]


def test_several_models_of_a_command_line_answer_and_the_newest_run_is_taken_over(
    start: Start,
    tmp_path: Path,
    write_level: Callable[..., Path],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    def run(name: str, level: float) -> None:
        made = RunDirectory(tmp_path / "current" / "runs" / name)
        made.create(name, {"dataset": {"use": "csv"}, "model": {"use": "level"}})
        write_level(made.model, level)
        made.update(state="finished")

    run("first", 1)
    write_level(tmp_path / "other", 5)
    server = start(
        "newest=latest", f"other={tmp_path / 'other'}", "--share", "other=0", f"serve.reload={HOUR}"
    )
    assert (value(server), value(server, "/models/other/predict")) == (1.0, 5.0)
    named = server.call("POST", "/predict", BODY, headers={"X-Model": "other"})
    assert (named.json, named.headers["x-model"]) == ([{"prediction": 5.0}], "other")
    run("second", 2)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: value(server) == 2.0)
    assert set(server.call("GET", "/model").json["models"]) == {"newest", "other"}


@pytest.mark.slow  # three processes start
def test_several_processes_take_a_new_version_over_on_a_hangup(
    start: Start,
    tmp_path: Path,
    write_level: Callable[..., Path],
    eventually: Callable[[Callable[[], object]], None],
) -> None:
    place = write_level(tmp_path / "served", 1)
    server = start(place, "serve.workers=2", f"serve.reload={HOUR}")
    assert value(server) == 1.0
    with new_folder(place) as folder:
        shutil.copytree(write_level(tmp_path / "next", 2), folder, dirs_exist_ok=True)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: all(value(server) == 2.0 for _ in range(20)))
    (place / "level.json").write_text(json.dumps({}))
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: server.log.read_text().count("goes on answering") == 2)
    assert value(server) == 2.0
