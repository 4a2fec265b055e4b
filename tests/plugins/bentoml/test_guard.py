"""A Bento that BentoML serves is protected as `mlfw serve` is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlfw
from conftest import ROOT
from mlfw.files import read_json, write_json
from mlfw_bentoml.service import bento_service
from model_server import ModelServer
from wire import Wire

pytestmark = pytest.mark.xdist_group("bentoml")


@pytest.fixture
def wire(server: ModelServer) -> Iterator[Wire]:
    """A connection to the Bento."""
    made = Wire(server.port)
    yield made
    made.close()


@pytest.mark.slow
def test_a_slow_head_is_given_up(wire: Wire) -> None:
    wire.send("POST /predict HTTP/1.1\r\nHost: localhost\r\n")
    assert wire.answer().status == 408
    assert wire.is_dropped()


def test_a_head_that_trickles_is_given_up(wire: Wire) -> None:
    wire.send("POST /predict HTTP/1.1\r\n")
    assert wire.trickle("X-A: b\r\n")


def test_a_large_head_is_refused(wire: Wire) -> None:
    wire.send("GET /schema HTTP/1.1\r\nHost: localhost\r\nCookie: " + "c" * 40_000)
    assert wire.answer().status == 431


@pytest.mark.parametrize("path", ["/predict", "/schema", "/metrics", "/docs.json", "/"])
def test_a_foreign_page_cannot_call(path: str, server: ModelServer) -> None:
    answer = server.call("GET", path, headers={"Host": "evil.example"})
    assert (answer.status, "evil.example" in answer.json["error"]) == (421, True)


def test_bodies_that_do_not_end_keep_nobody_from_being_answered(server: ModelServer) -> None:
    slow = [Wire(server.port) for _ in range(120)]
    for wire in slow:
        wire.post("/predict", "[", length=100)
    assert server.call("POST", "/predict", b"[]").json == []
    assert server.call("GET", "/readyz").status == 200
    for wire in slow:
        wire.close()


def test_a_token_file_that_others_can_read_is_a_mistake_that_can_be_mended(
    deployment: tuple[mlfw.Deployment, Path], bento_environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("a-token-that-nobody-guesses")
    file.chmod(0o644)
    done = subprocess.run(
        ["bentoml", "serve", deployment[0].artifact],
        env={**bento_environment, "MLFW_TOKEN_FILE": str(file)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "others than its owner can read it" in done.stderr
    assert f"chmod 600 {file}" in done.stderr
    assert "Traceback" not in done.stderr
    assert "nobody-guesses" not in done.stdout + done.stderr


def test_a_bento_of_a_newer_version_is_a_mistake_that_can_be_mended(
    deployment: tuple[mlfw.Deployment, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Path(read_json(deployment[1] / "bento.json")["path"]) / "src"
    options = read_json(source / "service.json")
    write_json(tmp_path / "service.json", {**options, "from_the_future": 1})
    with pytest.raises(SystemExit) as ended:
        bento_service(tmp_path)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "written by a newer version of mlfw: it knows from_the_future" in told
    assert "Install that version" in told


def test_a_bento_whose_plugin_is_missing_is_a_mistake_that_can_be_mended(
    deployment: tuple[mlfw.Deployment, Path],
    echo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = Path(read_json(deployment[1] / "bento.json")["path"]) / "src"
    shutil.copy(source / "service.json", tmp_path)
    shutil.copytree(echo, tmp_path / "model")
    with pytest.raises(SystemExit) as ended:
        bento_service(tmp_path)
    assert ended.value.code == 2
    assert 'pip install "mlfw-echo"' in capsys.readouterr().err


def test_only_public_names_of_the_server_are_used() -> None:
    for folder in ("mlfw_bentoml", "mlfw_service"):
        for file in (ROOT / "plugins" / folder).rglob("*.py"):
            text = file.read_text()
            assert "_internal" not in text, file
            assert "_bentoml" not in text.replace("mlfw_bentoml", ""), file
            assert "from uvicorn._" not in text, file
