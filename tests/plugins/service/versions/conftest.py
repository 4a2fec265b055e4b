"""Small saved models, and servers of several of them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import mlfw
from conftest import within
from mlfw.files import sha256, write_json
from mlfw_service import ServedModels, ServiceOptions
from plugin_folder import write_plugin

LEVEL = """
import json, time
from dataclasses import dataclass

import mlfw

class Predictor(mlfw.Predictor):
    def __init__(self, schema, folder):
        self.schema = schema
        self.level = json.loads((folder / "level.json").read_text())

    def predict(self, rows):
        time.sleep(self.level["pause"])
        if self.level["raises"]:
            raise RuntimeError("a model that raises")
        return mlfw.predictions_table(self.schema, [self.level["value"]] * rows.num_rows)

    def save(self, folder):
        raise AssertionError

@dataclass(kw_only=True)
class Level(mlfw.Model):
    def fit(self, data, context):
        raise AssertionError

    def load(self, folder, schema):
        return Predictor(schema, folder)

@mlfw.hookimpl
def mlfw_models():
    return {"level": Level}
"""
OPTIONS = {
    "name": "several",
    "workers": 1,
    "timeout": 60.0,
    "max_concurrency": 100,
    "max_body": 1_000_000,
    "max_rows": 1000,
}
Serve = Callable[..., httpx.Client]
ServeApp = Callable[[Any], httpx.Client]
Metric = Callable[..., float]
Eventually = Callable[[Callable[[], object]], None]


@dataclass
class Running:
    """A server in a thread of its own."""

    server: Any
    thread: threading.Thread
    client: httpx.Client

    def end(self) -> None:
        self.client.close()
        self.server.should_exit = True
        self.thread.join(within(30))
        assert not self.thread.is_alive()


@pytest.fixture(scope="module", autouse=True)
def level_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A third party's plugin whose models predict what they are told to."""
    site = write_plugin(tmp_path_factory.mktemp("level"), "level", LEVEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        yield site


@pytest.fixture(scope="session")
def write_level() -> Callable[..., Path]:
    """Write saved models of the plugin."""
    return level_folder


def level_folder(
    folder: Path, value: float, columns: str = "x", pause: float = 0, raises: bool = False
) -> Path:
    """Write a saved model that always predicts the same."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = tuple(mlfw.Column(name=name, kind=mlfw.Kind.number) for name in columns)
    target = mlfw.Column(name="y", kind=mlfw.Kind.number)
    schema = mlfw.Schema.of(columns=numbers, target=target, task=mlfw.Task.regression)
    schema.save(folder / "schema.json")
    write_json(folder / "level.json", {"value": value, "pause": pause, "raises": raises})
    manifest = {
        "format": 1,
        "mlfw": mlfw.__version__,
        "model": {"use": "level"},
        "plugin": {"name": "level", "distribution": "mlfw-level"},
        "files": {name: sha256(folder / name) for name in ("schema.json", "level.json")},
    }
    write_json(folder / "manifest.json", manifest)
    return folder


def wait_until(is_true: Callable[[], object]) -> None:
    """Wait until something is true; half a minute on a machine that is not overloaded."""
    end = time.monotonic() + within(30)
    while not is_true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def serve_app() -> Iterator[ServeApp]:
    """Serve applications on free ports; all servers are ended with the module."""
    import uvicorn

    running: list[Running] = []

    def begin(app: Any) -> httpx.Client:
        address = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, lifespan="on", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([address],), daemon=True)
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{address.getsockname()[1]}", timeout=within(30)
        )
        running.append(Running(server, thread, client))
        thread.start()
        wait_until(lambda: server.started or not thread.is_alive())
        assert thread.is_alive()
        return client

    yield begin
    for each in running:
        each.end()


@pytest.fixture(scope="module")
def serve(serve_app: ServeApp) -> Serve:
    """Serve models by the whole application."""
    from mlfw_service import service_app

    def begin(
        folders: dict[str, Path],
        shares: dict[str, float] | None = None,
        shadows: tuple[str, ...] = (),
        **options: Any,
    ) -> httpx.Client:
        served = ServedModels(folders=folders, shares=shares or {}, shadows=shadows)
        client = serve_app(service_app(served, ServiceOptions(**{**OPTIONS, **options})))
        wait_until(lambda: client.get("/readyz").status_code == 200)
        return client

    return begin


@pytest.fixture(scope="session")
def metric() -> Metric:
    """Read the value of a metric with some labels; 0 where there is none."""
    from prometheus_client.parser import text_string_to_metric_families

    def read(service: httpx.Client, name: str, **labels: str) -> float:
        families = text_string_to_metric_families(service.get("/metrics").text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    return read


@pytest.fixture
def eventually() -> Eventually:
    """Wait until something is true."""
    return wait_until
