"""The examples of containers are what the deployers write, and pass the tools that check them."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from conftest import ROOT

SERVICE = ROOT / "deploy/service"
BIN = Path(sys.executable).parent


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_examples_are_what_the_deployers_write_today(model: Path, tmp_path: Path) -> None:
    spec = spec_from_file_location("write_examples", SERVICE / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)

    module.write_examples(model, tmp_path / "made")

    there = contents(SERVICE)
    there.pop("write.py")
    assert contents(tmp_path / "made") == there, "type: python deploy/service/write.py"


def test_the_examples_are_small_and_hold_no_model() -> None:
    for path in SERVICE.rglob("*"):
        assert path.suffix not in {".onnx", ".whl", ".safetensors"}
        assert path.stat().st_size < 100_000


@pytest.mark.parametrize("name", ["docker", "compose/image", "kubernetes/image"])
def test_the_dockerfiles_pass_hadolint(name: str) -> None:
    done = subprocess.run(
        [BIN / "hadolint", SERVICE / name / "Dockerfile"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_manifests_are_valid_in_the_strict_sense() -> None:
    done = subprocess.run(
        [BIN / "kubernetes-validate", "--strict", SERVICE / "kubernetes/kubernetes.yaml"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_project_is_one_that_compose_takes() -> None:
    done = subprocess.run(
        [BIN / "docker-compose", "config", "--quiet"],
        cwd=SERVICE / "compose", capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "file", [*SERVICE.glob("*/README.md"), *(ROOT / "deploy").rglob("*.sh")], ids=lambda f: str(f)
)
def test_shell_in_the_examples_passes_shellcheck(file: Path, tmp_path: Path) -> None:
    text = file.read_text()
    if file.suffix == ".md":
        text = "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert text.strip()
    script = tmp_path / "script.sh"
    script.write_text(text)
    done = subprocess.run(
        [BIN / "shellcheck", "--shell=bash", script], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
