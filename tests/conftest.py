"""Fixtures that all tests share."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Busy machines are slow, which is no mistake of what is tested.
settings.register_profile(
    "tests", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")
# Two test processes with two threads each would wait for one another on two cores.
os.environ["OMP_NUM_THREADS"] = "1"
# Commands are printed by name where the shell finds them, whether or not .venv is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# The cache of whoever runs the tests is left alone.
CACHE = tempfile.mkdtemp(prefix="mlfw-cache-")
os.environ["MLFW_CACHE"] = CACHE
atexit.register(shutil.rmtree, CACHE, ignore_errors=True)

ROOT = Path(__file__).parent.parent
PENGUINS = ROOT / "examples/penguins/penguins.csv"

Mlfw = Callable[..., subprocess.CompletedProcess[str]]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, or of files that say that they form a group, in one process."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def environment(**changes: str) -> dict[str, str]:
    """Return a quiet environment for a command: no keys, no colours, no tracking.

    What is changed in PYTHONPATH comes before what whoever runs the tests has there.
    """
    if "PYTHONPATH" in changes and "PYTHONPATH" in os.environ:
        changes["PYTHONPATH"] += os.pathsep + os.environ["PYTHONPATH"]
    hidden = ("MLFW_", "WANDB_", "BENTOML_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return {
        **kept,
        "BENTOML_DO_NOT_TRACK": "True",
        "COLUMNS": "200",
        "MLFW_CACHE": CACHE,
        **changes,
    }


def within(seconds: float) -> float:
    """Return how long to wait for what takes so many seconds when the machine is not overloaded."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.fixture
def mlfw(tmp_path: Path) -> Mlfw:
    """Run the command as a process in a temporary folder."""

    def run(*arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mlfw", *map(str, arguments)],
            cwd=tmp_path,
            env=environment(**changes),
            capture_output=True,
            text=True,
            timeout=240,
        )

    return run


@pytest.fixture
def mlfw_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Mlfw:
    """Run the command within this process, which spares loading the libraries each time."""
    from mlfw.cli.main import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # of a command line that cannot be parsed
            status = int(ended.code or 0)
        shown = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, status, shown.out, shown.err)

    return run


@pytest.fixture(scope="session")
def penguins() -> Path:
    """The raw penguins."""
    return PENGUINS


@pytest.fixture
def small_csv(tmp_path: Path) -> Path:
    """A small table of all kinds of columns, with a binary target."""
    write_small_csv(tmp_path / "small.csv")
    return tmp_path / "small.csv"


def write_small_csv(path: Path) -> None:
    """Write a table of 40 rows."""
    rows = ["size,colour,fresh,seen,price,good"]
    for i in range(40):
        colour = ("red", "green", "blue", "")[i % 4]
        fresh = "yes" if i % 3 else "no"
        good = "good" if i % 2 else "bad"
        rows.append(
            f"{i % 30},{colour},{fresh},2024-01-{i % 28 + 1:02},{i * 1.5 + (i % 2) * 20},{good}"
        )
    path.write_text("\n".join(rows) + "\n")
