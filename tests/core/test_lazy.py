"""Names of a package that are imported when they are first asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = """
import mlfw
MODULES = {"heavy": ["Engine"], "inner.part": ["Part"], "tools": ["tools"]}
__getattr__ = mlfw.lazy_names(__name__, MODULES)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"__init__": PACKAGE, "heavy": "class Engine: ...", "tools": "", "inner/__init__": ""}
    (tmp_path / "some/inner").mkdir(parents=True)
    for name, text in (files | {"inner/part": "class Part: ..."}).items():
        (tmp_path / f"some/{name}.py").write_text(text)
    return tmp_path


def test_names_are_imported_when_they_are_asked_for(folder: Path) -> None:
    code = """
import sys, some
assert not [name for name in sys.modules if name.startswith("some.")]
from some import Engine, Part, tools
print(Engine.__module__, Part.__module__, tools.__name__)
assert vars(some)["Engine"] is Engine
try:
    some.Wheel
except AttributeError as error:
    print(error)
"""
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )

    assert shown.stdout.splitlines() == [
        "some.heavy some.inner.part some.tools",
        "module 'some' has no attribute 'Wheel'",
    ]


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_importing_mlfw_does_not_import_the_contracts() -> None:
    code = "import sys, mlfw; print(sorted(m for m in sys.modules if m.startswith('mlfw')))"

    assert run(code) == "['mlfw', 'mlfw.lazy', 'mlfw.threads']\n"


def test_every_public_name_of_mlfw_is_there() -> None:
    code = """
import mlfw
from mlfw import *
missing = [name for name in mlfw.__all__ if name not in globals()]
listed = set(dir(mlfw)) >= {*mlfw.__all__, "__version__"}
print(missing, listed, mlfw.Kind.number, callable(limits), hints.__name__, bool(mlfw.__version__))
"""

    assert run(code) == "[] True number True mlfw.hints True\n"
