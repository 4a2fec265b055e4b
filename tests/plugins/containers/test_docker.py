"""The deployer `docker`: a folder that an image is built from."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mlfw
from conftest import Mlfw
from dockerfile import build, instructions
from mlfw.files import read_json
from mlfw_containers import Docker
from mlfw_containers.check import main as check
from mlfw_containers.context import Context
from model_server import start_server

BIN = Path(sys.executable).parent
TOKEN = "a-token-of-the-tests-0123456789"


def hadolint(dockerfile: str) -> str:
    """Return what hadolint has against a Dockerfile."""
    done = subprocess.run([BIN / "hadolint", "-"], input=dockerfile, capture_output=True, text=True)
    return done.stdout + done.stderr


def docker(model: Path, name: str = "penguins", **options: Any) -> dict[str, list[str]]:
    """Return the instructions of the Dockerfile for a model, by their first words."""
    found: dict[str, list[str]] = {}
    for word, rest in instructions(Docker(**options).context(model, name).dockerfile()):
        found.setdefault(word, []).append(rest)
    return found


@pytest.fixture(scope="session")
def context(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the deployer writes."""
    folder = tmp_path_factory.mktemp("docker")
    made = Docker(requirements=["iniconfig==2.3.1"]).deploy(model, folder, "penguins")
    assert made.artifact == "Dockerfile"
    assert re.fullmatch(r"The image is called penguins:[0-9a-f]{12}\.", made.notes[0])
    return folder


def test_a_dockerfile_passes_hadolint(context: Path) -> None:
    assert hadolint((context / "Dockerfile").read_text()) == ""


def test_the_context_holds_the_model_as_it_was_and_the_wheel_of_mlfw(
    context: Path, model: Path
) -> None:
    for file in model.iterdir():
        assert (context / "model" / file.name).read_bytes() == file.read_bytes()
    lines = (context / "requirements.txt").read_text().splitlines()
    (wheel,) = [line for line in lines if line.startswith("./")]
    assert wheel == f"./wheels/mlfw-{mlfw.__version__}-py3-none-any.whl"
    assert (context / wheel).is_file()
    pins = dict(line.split("==") for line in lines if line != wheel)
    for name in ("bentoml", "onnxruntime", "uvicorn", "protobuf"):
        assert pins[name] == version(name)
    assert pins["iniconfig"] == "2.3.1"
    assert not {"torch", "scikit-learn", "pytorch-lightning"} & pins.keys()


def test_whoever_runs_the_image_can_read_every_file(context: Path) -> None:
    for path in context.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o755 if path.is_dir() else 0o644)


def test_what_is_sent_to_the_builder_is_what_the_dockerfile_copies(context: Path) -> None:
    copied = {
        rest.split()[0].rstrip("/")
        for word, rest in instructions((context / "Dockerfile").read_text())
        if word == "COPY" and not rest.startswith("--from")
    }
    lines = (context / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert "*" in lines


def test_the_image_is_pinned_needs_no_root_and_fetches_nothing_to_tell_its_health(
    model: Path,
) -> None:
    found = docker(model)
    bases = {each.split()[0] for each in found["FROM"]}
    assert bases == {f"python:{sys.version.split()[0]}-slim-bookworm"}
    assert found["USER"] == ["10001:10001"]
    assert "--no-cache-dir" in found["RUN"][0]
    assert "/readyz" in found["HEALTHCHECK"][0]
    assert "curl" not in json.dumps(found)
    assert json.loads(found["CMD"][0])[:2] == ["--token-file", "/run/secrets/token"]
    assert "secret" not in "".join(found["ENV"]).lower()


def test_options_of_the_service_are_in_the_image_and_anybody_calls_only_if_it_is_said(
    model: Path,
) -> None:
    found = docker(model, workers=2, max_body_mb=0.5, insecure=True)
    assert json.loads(found["CMD"][0]) == [
        "--insecure", "serve.name=penguins", "serve.workers=2", "serve.max_body_mb=0.5",
    ]  # fmt: skip
    assert docker(model, base="python:3.12.4-slim@sha256:" + "a" * 64)["FROM"][1].startswith(
        "python:3.12.4-slim@sha256:"
    )


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"version": "a b"}, r"deployer\.version"),
        ({"version": "-1"}, r"deployer\.version"),
        ({"image": "Penguins"}, r"deployer\.image"),
        ({"image": "a/b:1"}, r"deployer\.image"),
        ({"base": "python"}, r"deployer\.base"),
        ({"base": "python:latest"}, r"deployer\.base"),
        ({"base": "python:3.11\nRUN evil"}, r"deployer\.base"),
    ],
)
def test_what_docker_would_refuse_is_refused_before_anything_runs(
    options: dict[str, str], key: str
) -> None:
    with pytest.raises(mlfw.UserError, match=rf"(?s){key}.*For example"):
        Docker(**options).check()


ODD = st.text(max_size=60) | st.sampled_from(
    ['"\nRUN touch /evil\n"', "$HOME ${PATH}", "a\\", "`id`", "$(id)", "'; rm -rf /; '", "é\u202e"]
)


@settings(deadline=None, max_examples=20)
@given(ODD, ODD, ODD)
def test_no_text_from_a_run_or_its_card_can_add_to_the_dockerfile(
    model: Path, name: str, target: str, license_: str
) -> None:
    class Odd(Context):
        def card(self) -> dict[str, Any]:
            return {"targets": [{"name": target}], "inputs": [1], "license": license_}

    usual = Context(model=model, name="x", base="python:3.11.9", settings=())
    odd = Odd(model=model, name=name, base="python:3.11.9", settings=Docker().settings(name))

    lines = odd.dockerfile().splitlines()

    words = [word for word, _ in instructions(odd.dockerfile())]
    assert words == [word for word, _ in instructions(usual.dockerfile())]
    for line in lines:
        if 'title="' in line:
            shown = re.fullmatch(r'LABEL \S+="((?:[^"\\$]|\\["\\$])*)" \\', line)
            assert shown is not None
            assert re.sub(r"\\(.)", r"\1", shown[1]) == " ".join(
                "".join(c if c.isprintable() else " " for c in name).split()
            )


def test_a_run_is_exported_by_the_command(model: Path, tmp_path: Path, mlfw_here: Mlfw) -> None:
    done = mlfw_here(
        "export", model.parent, "--to", "docker", "-o", tmp_path / "out",
        "deployer.base=python", "deployer.version=1.0",
    )  # fmt: skip
    assert done.returncode == 2
    assert "deployer.base: expected an image with a tag" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_image_is_built_and_serves_as_it_is_written(context: Path, tmp_path: Path) -> None:
    image = build(context, tmp_path / "build")

    # It is read-only, and what runs is what is inside.
    saved = image.root / "srv/model"
    assert image.run(["mlfw", "--version"]).stdout.strip() == f"mlfw {mlfw.__version__}"
    where = image.run(["python", "-c", "import mlfw; print(mlfw.__file__)"]).stdout
    assert where.startswith(str(image.root / "opt/mlfw"))
    for path in [saved, *saved.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert image.labels["org.opencontainers.image.title"] == "penguins"
    secret = image.root / "run/secrets/token"
    secret.parent.mkdir(parents=True)
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    before = {path for path in image.root.rglob("*") if "__pycache__" not in path.parts}
    words = [image.inside(word) for word in (*image.entrypoint, *image.cmd)]
    program = shutil.which(words[0], path=image.environment()["PATH"])
    place = words.index("--port")
    port = words.pop(place + 1)
    words.pop(place)
    assert port == "3000"
    work = image.root / image.workdir.lstrip("/")

    server = start_server([program, *words[1:]], work, image.environment())

    try:
        rows = read_json(saved / "sample.json")["rows"][:3]
        body = json.dumps(rows).encode()
        assert server.call("POST", "/predict", body).status == 401
        allowed = {"Authorization": f"Bearer {TOKEN}"}
        answer = server.call("POST", "/predict", body, headers=allowed)
        assert answer.status == 200
        expected = mlfw.load(saved).predict(rows).column("prediction").to_pylist()
        assert [each["prediction"] for each in answer.json] == expected
        health = [word.replace(":3000/", f":{server.port}/") for word in image.health]
        assert image.run(health).returncode == 0
    finally:
        server.end()
    assert image.run(health).returncode == 1
    left = {path for path in image.root.rglob("*") if "__pycache__" not in path.parts} - before
    assert not [path for path in left - {server.log} if not path.is_relative_to(image.root / "tmp")]


def test_a_build_ends_where_the_model_is_damaged(
    context: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(context / "model") == 0
    shutil.copytree(context / "model", tmp_path / "model")
    (tmp_path / "model/schema.json").write_text("{}")

    assert check(tmp_path / "model") == 2

    assert "schema.json: changed since it was saved" in capsys.readouterr().err
