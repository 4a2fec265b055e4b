"""Requests made up from the OpenAPI document, and forbidden ones, never fail the service."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from conftest import environment
from model_server import ModelServer, start_server

pytestmark = pytest.mark.xdist_group("service-pages")
FEW, MANY = 60, 5000


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """`mlfw serve`, with a model of every kind of column."""
    folder = tmp_path_factory.mktemp("serve")
    server = start_server([sys.executable, "-m", "mlfw", "serve", model], folder, environment())
    yield server
    server.end()


def cases(address: str) -> st.SearchStrategy[Any]:
    """Return requests that the document allows, and requests that it forbids."""
    document = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    return st.one_of(
        *(
            operation.as_strategy(generation_mode=mode)
            for operation in operations
            for mode in GenerationMode
            if mode is GenerationMode.POSITIVE or operation.body
        )
    )


def fuzz(server: ModelServer, count: int) -> None:
    """Send so many requests, and check that none fails the service."""
    address = f"http://127.0.0.1:{server.port}"
    seen: dict[int, int] = {}

    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases(address))
    def send(case: Any) -> None:
        response = case.call(base_url=address)
        assert response.status_code < 500, response.text
        seen[response.status_code] = seen.get(response.status_code, 0) + 1

    send()
    assert seen[200] > 0
    assert seen[422] > 0
    assert server.call("GET", "/readyz").status == 200


def test_no_request_fails_the_service(served: ModelServer) -> None:
    fuzz(served, FEW)


@pytest.mark.slow
def test_no_request_of_thousands_fails_the_service(served: ModelServer) -> None:
    fuzz(served, MANY)
