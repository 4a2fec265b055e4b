"""A saved model of the penguins, and what the deployers make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlfw
from conftest import ROOT


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved model's folder of a run that is called `penguins`."""
    folder = tmp_path_factory.mktemp("containers")
    settings = ["model=tree", "tuner=none", f"run.dir={folder}/penguins"]
    return mlfw.run(ROOT / "examples/penguins/run.yaml", settings).dir / "model"


@pytest.fixture(scope="session")
def elsewhere() -> list[str]:
    """A requirement that spares building the wheel of mlfw, for tests of all that is beside it."""
    return ["mlfw @ https://example.org/mlfw-0.1.0-py3-none-any.whl"]
