"""A Bento of a model, and a server of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlfw
from conftest import environment
from model_server import ModelServer, start_server

BENTOML = Path(sys.executable).parent / "bentoml"


@pytest.fixture(scope="session")
def bento_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a BentoML home of its own."""
    return environment(BENTOML_HOME=str(tmp_path_factory.mktemp("bentoml")))


@pytest.fixture(scope="session")
def deployment(
    model: Path, bento_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[mlfw.Deployment, Path]:
    """A Bento of the model, and the folder where the deployer leaves its notes."""
    from mlfw_bentoml import BentoML

    folder = tmp_path_factory.mktemp("deploy")
    deployer = BentoML(version="v1", workers=2, max_body_mb=0.5, max_rows=500, header_timeout=2.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENTOML_HOME", bento_environment["BENTOML_HOME"])
        made = deployer.deploy(model, folder, "Rows & columns")
    return made, folder


@pytest.fixture(scope="session")
def server(
    deployment: tuple[mlfw.Deployment, Path],
    bento_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModelServer]:
    """The Bento, served from a folder that has nothing to do with it."""
    folder = tmp_path_factory.mktemp("elsewhere") / "empty"
    folder.mkdir()
    started = start_server([BENTOML, "serve", deployment[0].artifact], folder, bento_environment)
    yield started
    started.end()
    assert not list(folder.iterdir())
