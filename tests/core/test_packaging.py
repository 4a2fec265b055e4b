"""What must be installed where a saved model is used."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

import mlfw
from conftest import ROOT
from mlfw.files import write_json
from mlfw.packaging import installed_closure, pack_requirements, write_wheel
from plugin_folder import write_plugin

MODEL = """
from dataclasses import dataclass

import mlfw

@dataclass(kw_only=True)
class Echo(mlfw.Model):
    def fit(self, data, context):
        raise NotImplementedError

    def load(self, folder, schema):
        raise NotImplementedError

@mlfw.hookimpl
def mlfw_models():
    return {"boxed": Echo}
"""
# A distribution with all that a wheel can hold; the test installs it and packs it again.
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "Odd.Name"
version = "1.0"
requires-python = ">=3.11"
scripts = {odd = "odd:main"}

[tool.hatch.build.targets.wheel]
only-include = ["odd.py"]
shared-data = {"notes.txt" = "share/odd/notes.txt"}
shared-scripts = {"odd.sh" = "odd.sh"}
"""


def folder_of(name: str, source: Path, site: Path) -> Distribution:
    """Lay out what pip leaves of a distribution that it installed from a folder, and return it."""
    info = site / f"{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    (info / "direct_url.json").write_text(
        json.dumps({"dir_info": {"editable": True}, "url": source.as_uri()})
    )
    return Distribution.at(info)


def contents(wheel: Path) -> dict[str, bytes]:
    archive = ZipFile(wheel)
    return {name: archive.read(name) for name in archive.namelist()}


def test_the_closure_holds_what_the_extras_need_in_turn_and_nothing_else() -> None:
    bare, extra = installed_closure({"mlfw": ()}), installed_closure({"mlfw": {"runtime"}})
    assert {"mlfw", "numpy", "hydra-core", "antlr4-python3-runtime"} <= bare.keys()
    assert {"onnxruntime", "protobuf", "flatbuffers"} <= extra.keys() - bare.keys()
    assert not {"torch", "scikit-learn", "pytest", "bentoml"} & extra.keys()
    assert list(extra) == sorted(extra)


def test_what_is_not_installed_and_extras_that_are_not_there_are_passed_over() -> None:
    assert installed_closure({"no-such-distribution": ()}) == {}
    assert installed_closure({"packaging": {"no-such-extra"}}).keys() == {"packaging"}


def test_a_wheel_of_installed_files_installs_as_the_same_files(tmp_path: Path) -> None:
    found = distribution("markdown-it-py")  # it has a script and type stubs

    wheel = write_wheel(found, tmp_path)

    assert wheel.name == f"markdown_it_py-{found.version}-py3-none-any.whl"
    packed = contents(wheel)
    assert not [name for name in packed if name.startswith(".") or "/bin/" in name]
    record = f"markdown_it_py-{found.version}.dist-info/RECORD"
    listed = {row[0] for row in csv.reader(io.StringIO(packed[record].decode()))}
    assert listed == packed.keys()
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    subprocess.run([*command, "--target", tmp_path / "site", wheel], check=True)
    installers = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}
    for path in found.files or []:
        if path.suffix != ".pyc" and path.name not in installers and ".." not in path.parts:
            installed = tmp_path / "site" / path
            assert installed.read_bytes() == Path(str(found.locate_file(path))).read_bytes()
    assert (tmp_path / "site/bin/markdown-it").is_file()


@pytest.mark.slow
def test_a_wheel_that_is_packed_again_is_the_wheel_that_was_installed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "odd.py").write_text("def main():\n    print('odd')\n")
    (source / "notes.txt").write_text("notes\n")
    (source / "odd.sh").write_text("#!/bin/sh\necho odd\n")
    first = write_wheel(folder_of("odd-name", source, tmp_path / "editable"), tmp_path / "first")
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    pip = [sys.executable, "-m", "pip", "--python", venv / "bin/python", "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", first], check=True)
    code = (
        "import sys; sys.path += sys.argv[2:]; from importlib.metadata import distribution\n"
        "from pathlib import Path; from mlfw.packaging import write_wheel\n"
        "print(write_wheel(distribution('odd-name'), Path(sys.argv[1])))"
    )
    borrowed = [str(ROOT / "core"), *[path for path in sys.path if path.endswith("-packages")]]
    again = subprocess.run(
        [venv / "bin/python", "-c", code, tmp_path / "again", *borrowed],
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    second = Path(again.stdout.strip())

    assert second.name == first.name == "odd_name-1.0-py3-none-any.whl"
    before, after = contents(first), contents(second)
    record = "odd_name-1.0.dist-info/RECORD"
    assert {n: t for n, t in before.items() if n != record} == {
        n: t for n, t in after.items() if n != record
    }
    assert {"odd_name-1.0.data/data/share/odd/notes.txt", "odd_name-1.0.data/scripts/odd.sh"} <= (
        after.keys()
    )


def test_sources_that_have_gone_are_named_with_what_to_type(tmp_path: Path) -> None:
    found = folder_of("mlfw-gone", tmp_path / "gone", tmp_path / "site")
    with pytest.raises(mlfw.UserError, match=r'/gone, which is not there[^$]*install "mlfw-gone"'):
        write_wheel(found, tmp_path)


@pytest.mark.slow
def test_sources_that_cannot_be_built_are_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/pyproject.toml").write_text(PROJECT.replace('"1.0"', "[]"))
    found = folder_of("mlfw-broken", tmp_path / "broken", tmp_path / "site")
    with pytest.raises(mlfw.UserError, match=r"/broken: its wheel cannot be built: .*Error: .*\S"):
        write_wheel(found, tmp_path)


def test_an_installation_without_a_list_of_its_files_is_refused(tmp_path: Path) -> None:
    site = Path(write_plugin(tmp_path, "bare", ""))
    (site / "mlfw_bare-1.0.dist-info/RECORD").unlink()
    found = Distribution.at(site / "mlfw_bare-1.0.dist-info")
    with pytest.raises(mlfw.UserError, match="mlfw-bare: its installation does not list its files"):
        write_wheel(found, tmp_path)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    site = Path(write_plugin(tmp_path, "torn", ""))
    (site / "torn_plugin.py").unlink()
    found = Distribution.at(site / "mlfw_torn-1.0.dist-info")
    with pytest.raises(mlfw.UserError, match=r"torn_plugin\.py is missing"):
        write_wheel(found, tmp_path)


@pytest.fixture
def boxed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A saved model of a third party's plugin, as far as its requirements are concerned."""
    site = write_plugin(tmp_path, "boxed", MODEL)
    (tmp_path / "model").mkdir()
    needs = {"packages": ["onnxruntime", "sklearn"], "extra": "runtime"}
    manifest = {"model": {"use": "boxed"}, "needs": needs}
    write_json(tmp_path / "model/manifest.json", manifest)
    monkeypatch.syspath_prepend(site)
    yield tmp_path / "model"
    shutil.rmtree(site)


def test_requirements_pin_what_is_here_and_pack_what_no_index_has(
    boxed: Path, tmp_path: Path
) -> None:
    lines = pack_requirements(boxed, tmp_path / "box")

    assert "./box/mlfw_boxed-1.0-py3-none-any.whl" in lines
    assert f"./box/mlfw-{mlfw.__version__}-py3-none-any.whl" in lines
    assert {path.name for path in (tmp_path / "box").iterdir()} == {
        line.removeprefix("./box/") for line in lines if line.startswith("./")
    }
    pins = dict(line.split("==") for line in lines if not line.startswith("./"))
    # The plugin has no extra `runtime`; mlfw has. `sklearn` is found by what it is imported as.
    for name in ("onnxruntime", "scikit-learn", "protobuf", "numpy", "hydra-core"):
        assert pins[name] == distribution(name).version
    assert not {"bentoml", "torch"} & pins.keys()


def test_a_requirement_of_the_users_takes_the_place_of_a_pin_and_of_a_wheel(
    boxed: Path, tmp_path: Path
) -> None:
    url = "mlfw @ https://example.org/mlfw-0.1.0-py3-none-any.whl"
    lines = pack_requirements(
        boxed, tmp_path / "box", further=["Scikit.Learn>=1.5", "extra-package", url]
    )
    assert {"Scikit.Learn>=1.5", "extra-package", url} <= set(lines)
    assert not [line for line in lines if line.startswith(("scikit-learn", "./box/mlfw-"))]


def test_a_malformed_requirement_is_refused_by_key(boxed: Path, tmp_path: Path) -> None:
    with pytest.raises(mlfw.UserError, match=r"deployer\.requirements.*'not one'"):
        pack_requirements(boxed, tmp_path / "box", further=["not one"])
