"""Requests made up from the OpenAPI document, and forbidden ones, never fail the service."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import environment
from fuzzing import fuzz
from model_server import ModelServer, start_server


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """`mlfw serve`, with a model of every kind of column."""
    folder = tmp_path_factory.mktemp("serve")
    server = start_server([sys.executable, "-m", "mlfw", "serve", model], folder, environment())
    yield server
    server.end()


@pytest.mark.parametrize("count", [40, pytest.param(5000, marks=pytest.mark.slow)])
def test_no_request_fails_the_service(served: ModelServer, count: int) -> None:
    fuzz(served, count)
