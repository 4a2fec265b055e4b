"""What is in a Bento, and how one is made."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import mlfw
from conftest import environment
from mlfw.files import read_json
from mlfw_bentoml import BentoML
from mlfw_bentoml.tags import is_tag, tag_name
from model_server import start_server

pytestmark = pytest.mark.xdist_group("bentoml")


@pytest.fixture
def bento(deployment: tuple[mlfw.Deployment, Path]) -> Path:
    """The Bento's folder in BentoML's store."""
    return Path(read_json(deployment[1] / "bento.json")["path"])


def test_a_bento_is_named_after_the_run_and_tells_what_to_type(
    deployment: tuple[mlfw.Deployment, Path], bento_environment: dict[str, str]
) -> None:
    made, folder = deployment
    assert made.artifact == "rows-columns:v1"
    assert made.commands == (
        "bentoml serve rows-columns:v1 --do-not-track",
        "bentoml containerize rows-columns:v1",
    )
    note = read_json(folder / "bento.json")
    assert note["tag"] == made.artifact
    assert Path(note["path"]).is_relative_to(bento_environment["BENTOML_HOME"])


def test_a_bento_holds_the_saved_model_as_it_was(bento: Path, model: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    assert contents(bento / "src/model") == contents(model)
    rows = [dict.fromkeys(mlfw.load(model).schema.names)]
    assert mlfw.load(bento / "src/model").predict(rows) == mlfw.load(model).predict(rows)


def test_a_bento_holds_no_pickle(bento: Path) -> None:
    for path in bento.rglob("*"):
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".pt", ".pth"}
        # Protocols 2 to 5 begin with this byte, and text in UTF-8 cannot.
        assert not path.is_file() or not path.read_bytes().startswith(b"\x80")


def test_a_bento_pins_what_made_the_model_and_holds_the_wheel_of_mlfw(bento: Path) -> None:
    lines = (bento / "env/python/requirements.txt").read_text().split()
    (wheel,) = [line for line in lines if line.startswith("./")]
    pins = dict(line.split("==") for line in lines if line != wheel)
    assert wheel == f"./wheels/mlfw-{version('mlfw')}-py3-none-any.whl"
    assert (bento / "src" / wheel).is_file()
    assert (
        "COPY --chown=bentoml:bentoml ./src/wheels ./src/wheels"
        in (bento / "env/docker/Dockerfile").read_text().splitlines()
    )
    for name in ("onnx", "onnxruntime", "numpy", "pyarrow", "bentoml", "starlette", "pydantic"):
        assert pins[name] == version(name)
    assert not {"torch", "scikit-learn", "pytorch-lightning", "pytest"} & pins.keys()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_requirements_of_a_bento_serve_it_in_a_fresh_environment(
    bento: Path, tmp_path: Path
) -> None:
    venv, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run(
        [venv / "bin/pip", "install", "--quiet", "-r", bento / "env/python/requirements.txt"],
        cwd=bento / "src",
        check=True,
    )
    away = {key: value for key, value in environment().items() if key != "PYTHONPATH"}
    away["BENTOML_HOME"] = str(tmp_path / "home")

    server = start_server([venv / "bin/bentoml", "serve", bento], empty, away)

    try:
        answer = server.predict(read_json(bento / "src/model/sample.json")["rows"][:1])
        assert answer.status == 200
        assert "prediction" in answer.json[0]
    finally:
        server.end()


def test_the_api_document_lies_in_the_run_too(deployment: tuple[mlfw.Deployment, Path]) -> None:
    document = yaml.safe_load((deployment[1] / "openapi.yaml").read_text())
    assert "Culmen Length (mm)" in document["components"]["schemas"]["Row"]["properties"]


def test_a_version_that_is_there_already_is_refused_and_kept(
    deployment: tuple[mlfw.Deployment, Path],
    bento: Path,
    bento_environment: dict[str, str],
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BENTOML_HOME", bento_environment["BENTOML_HOME"])
    before = (bento / "bento.yaml").read_bytes()
    with pytest.raises(
        mlfw.UserError, match=r"rows-columns:v1.*already exists[^$]*deployer\.version"
    ):
        BentoML(version="v1").deploy(model, tmp_path, "Rows & columns")
    assert (bento / "bento.yaml").read_bytes() == before


@pytest.mark.parametrize("text", ["V1", "a b", "-1", "v1.", "a" * 64, "ü"])
def test_a_version_that_bentoml_would_refuse_is_refused_before_anything_runs(text: str) -> None:
    with pytest.raises(mlfw.UserError, match=r"deployer\.version"):
        BentoML(version=text).check()


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_name_becomes_one_that_bentoml_takes(text: str) -> None:
    from bentoml import Tag

    name = tag_name(text)
    assert is_tag(name)
    assert Tag(name).name == name


def test_a_name_that_bentoml_takes_stays_as_it_is() -> None:
    assert tag_name("penguins-svm_2024.1") == "penguins-svm_2024.1"


@pytest.mark.parametrize(
    ("environment", "host"),
    [({}, "127.0.0.1"), ({"BENTOML_CONTAINERIZED": "true"}, "0.0.0.0")],
    ids=["outside", "inside"],
)
def test_only_inside_a_container_does_a_bento_listen_on_every_interface(
    bento: Path, environment: dict[str, str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlfw_bentoml.service import bento_service

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert bento_service(bento / "src").config["http"]["host"] == host


def test_importing_the_plugin_loads_no_heavy_package() -> None:
    code = "import sys, json, mlfw_bentoml; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"bentoml", "_bentoml_sdk", "pydantic", "starlette", "uvicorn", "pyarrow", "numpy"}
    assert not heavy & set(json.loads(done.stdout))
