"""The wheel works away from the checkout, without extras and with a third party's plugin."""

from __future__ import annotations

import csv
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import ROOT, environment

NEAREST = ROOT / "examples/plugins/mlfw-nearest"
UNCOMPILED = ("--no-compile",)  # what is not imported need not be compiled


def away() -> dict[str, str]:
    """Return an environment in which nobody's PYTHONPATH leads to the checkout."""
    return {key: value for key, value in environment().items() if key != "PYTHONPATH"}


@dataclass
class Venv:
    """A virtual environment and a folder to work in, both away from the checkout."""

    path: Path
    folder: Path

    def pip(self, *arguments: str) -> None:
        own = ["--python", self.path / "bin/python"]  # spares each environment a pip of its own
        command = [sys.executable, "-m", "pip", *own, "--quiet", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, cwd=self.folder)
        assert result.returncode == 0, result.stdout + result.stderr

    def mlfw(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.path / "bin/mlfw", *arguments],
            cwd=self.folder,
            env=away(),
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(out), str(ROOT), str(NEAREST)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return {path.name.split("-")[0]: path for path in out.glob("*.whl")}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path]) -> Venv:
    """A fresh environment with mlfw and none of its extras."""
    folder = tmp_path_factory.mktemp("away")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    venv = Venv(folder / "venv", folder)
    venv.pip(
        "install", *UNCOMPILED, "--constraint", str(ROOT / "constraints.txt"), str(wheels["mlfw"])
    )
    rows = ["size,colour,good"]
    rows += [f"{i},{'red' if i % 2 else 'blue'},{'yes' if i % 2 else 'no'}" for i in range(60)]
    (folder / "rows.csv").write_text("\n".join(rows) + "\n")
    return venv


@pytest.fixture(scope="module")
def full(bare: Venv, wheels: dict[str, Path]) -> Venv:
    """The same environment with a third party's plugin.

    What else a training needs is borrowed from the environment of the tests, whose folder comes
    last on the path: so mlfw itself is the wheel's.
    """
    bare.pip("install", *UNCOMPILED, "--no-deps", str(wheels["mlfw_nearest"]))
    (site,) = (bare.path / "lib").glob("python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return bare


RUN = ("run", "dataset=csv", "dataset.path=rows.csv", "dataset.target=good")


def test_the_wheel_holds_every_package_and_nothing_else(wheels: dict[str, Path]) -> None:
    names = zipfile.ZipFile(wheels["mlfw"]).namelist()

    tops = {name.split("/")[0] for name in names}
    plugins = {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"mlfw", *plugins}
    for package in ("mlfw", *plugins):
        assert f"{package}/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    # What runs models in a browser is fetched by the build, with its licence.
    for file in ("LICENSE.txt", "ort-wasm-simd-threaded.wasm", "ort.wasm.bundle.min.mjs"):
        assert f"mlfw_web/runtime/{file}" in names


def test_without_extras_help_plugins_and_show_work(bare: Venv) -> None:
    assert bare.mlfw("--help").returncode == 0
    plugins = bare.mlfw("plugins")
    assert plugins.returncode == 0
    assert "BROKEN" not in plugins.stdout
    shown = bare.mlfw("show", "model", "svm")
    assert "model.C" in shown.stdout
    assert 'pip install "mlfw[sklearn]"' in shown.stdout


def test_without_extras_a_run_says_what_to_type(bare: Venv) -> None:
    result = bare.mlfw(*RUN, "model=svm")

    assert result.returncode == 2
    assert 'Type: pip install "mlfw[sklearn,torchmetrics]"' in result.stderr
    assert not (bare.folder / "runs").exists()


@pytest.mark.slow
def test_a_plugin_installed_by_pip_trains_and_predicts(full: Venv) -> None:
    check_nearest(full)


@pytest.mark.slow
def test_the_extras_bring_all_that_a_training_needs(
    tmp_path: Path, wheels: dict[str, Path], bare: Venv
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    venv = Venv(tmp_path / "venv", tmp_path)
    venv.pip("install", *UNCOMPILED, "--constraint", str(ROOT / "constraints.txt"), "torch==2.13.0",
             f"{wheels['mlfw']}[sklearn,torchmetrics]", str(wheels["mlfw_nearest"]))  # fmt: skip
    (tmp_path / "rows.csv").write_text((bare.folder / "rows.csv").read_text())

    check_nearest(venv)


def check_nearest(full: Venv) -> None:
    """Check that the plugin's model trains and predicts, by the installed wheel."""
    place = subprocess.run(
        [full.path / "bin/python", "-c", "import mlfw; print(mlfw.__file__)"],
        capture_output=True, text=True, check=True, cwd=full.folder, env=away(),
    ).stdout  # fmt: skip
    assert place.startswith(str(full.path))
    assert "model: nearest" in full.mlfw("plugins").stdout

    trained = full.mlfw(*RUN, "model=nearest", "model.k=3", "run.name=near")

    assert trained.returncode == 0, trained.stderr
    assert "model     nearest" in trained.stdout
    predicted = full.mlfw("predict", "near", "rows.csv", "-o", "out.csv")
    assert predicted.returncode == 0, predicted.stderr
    with (full.folder / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert list(rows[0]) == ["size", "prediction", "probability_no", "probability_yes"]


@pytest.mark.slow
def test_without_the_plugin_its_model_is_refused_with_a_remedy(full: Venv) -> None:
    full.pip("uninstall", "--yes", "mlfw-nearest")

    trained = full.mlfw(*RUN, "model=nearest")
    predicted = full.mlfw("predict", "near", "rows.csv")

    assert trained.returncode == 2
    assert "model=nearest: no model of that name is installed" in trained.stderr
    assert predicted.returncode == 2
    assert 'pip install "mlfw-nearest"' in predicted.stderr
    for result in (trained, predicted):
        assert "Traceback" not in result.stderr
