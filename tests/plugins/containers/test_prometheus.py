"""Prometheus reads the service, and answers what the dashboard asks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import environment
from mlfw.files import read_json
from mlfw_containers import Compose
from mlfw_containers.dashboard import dashboard
from mlfw_containers.project import Project
from model_server import ModelServer, free_port, start_server

BIN = Path(sys.executable).parent
TOKEN = "a-token-of-the-tests-0123456789"
BOARD = dashboard("mlfw", "mlfw", classes=True, values=False)


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """The service, behind a token, and called."""
    folder = tmp_path_factory.mktemp("served") / "here"
    folder.mkdir()
    secret = folder / "token"
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    started = start_server(
        [BIN / "mlfw", "serve", model, "--token-file", secret], folder, environment()
    )
    call(started, model)
    yield started
    started.end()


def call(server: ModelServer, model: Path) -> None:
    """Ask for predictions, some of odd rows, and once without the token."""
    rows = read_json(model / "sample.json")["rows"]
    allowed = {"Authorization": f"Bearer {TOKEN}"}
    for row in rows:
        found = server.call("POST", "/predict", json.dumps([row]).encode(), headers=allowed)
        assert found.status == 200
    assert server.call("POST", "/predict", b"[]").status == 401


def test_the_service_has_every_metric_that_a_panel_asks_for(server: ModelServer) -> None:
    text = server.call("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert text.status == 200
    names = {line.partition("{")[0].split(" ")[0] for line in text.body.decode().splitlines()}
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            asked = {word for word in target["expr"].replace("(", " ").replace("{", " ").split()
                     if word.startswith("mlfw_")}  # fmt: skip
            asked = {word.partition("[")[0].rstrip(")") for word in asked}
            assert asked
            assert asked <= names, target["expr"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_prometheus_reads_the_service_and_answers_every_panel(
    server: ModelServer, model: Path, tmp_path: Path
) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed")
    project = Project(
        context=Compose().context(model, "penguins"), image="a:1", ports=(3000, 9090, 3001),
        prometheus="p:1", grafana="g:1",
    )  # fmt: skip
    (tmp_path / "token").write_text(TOKEN)
    text = project.files()["prometheus/prometheus.yml"]
    config = yaml.safe_load(
        text.replace("/run/secrets/token", str(tmp_path / "token"))
        .replace("model:3000", f"127.0.0.1:{server.port}")
        .replace("15s", "1s")
    )
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        "prometheus", f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for(port, 'up{job="mlfw"} == 1')
        call(server, model)
        wait_for(port, "sum(rate(mlfw_request_seconds_count[1m])) > 0")
        empty = set()
        for panel in BOARD["panels"]:
            for target in panel["targets"]:
                expression = (
                    target["expr"].replace("$__rate_interval", "1m").replace("$model", ".*")
                )
                if not ask(port, expression):
                    empty.add(panel["title"])
        assert not empty
        # The classes that were predicted are those of the panel.
        (panel,) = [each for each in BOARD["panels"] if each["title"] == "Predicted classes"]
        found = ask(port, filled(panel["targets"][0]["expr"]))
        classes = {target["name"]: target for target in read_json(model / "card.json")["targets"]}
        assert {each["metric"]["class"] for each in found} <= set(classes["Species"]["classes"])
        (chosen,) = BOARD["templating"]["list"]
        assert chosen["definition"] == "label_values(mlfw_model_info, name)"
        (info,) = ask(port, "mlfw_model_info")
        assert {"name", "version", "use"} <= info["metric"].keys()
    finally:
        process.terminate()
        process.wait(60)


def filled(expression: str) -> str:
    """Return an expression as Grafana sends it."""
    return expression.replace("$__rate_interval", "1m").replace("$model", ".*")


def ask(port: int, expression: str) -> list[dict[str, Any]]:
    """Return what Prometheus answers now."""
    query = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}") as response:
        content = json.load(response)
    assert content["status"] == "success", content
    return list(content["data"]["result"])


def wait_for(port: int, expression: str) -> None:
    """Wait until Prometheus has an answer."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with suppress(OSError):
            if ask(port, expression):
                return
        time.sleep(0.5)
    raise AssertionError(f"Prometheus has no answer to: {expression}")
