"""Requests made up from the OpenAPI document of a service."""

from __future__ import annotations

from typing import Any

from model_server import ModelServer


def fuzz(server: ModelServer, count: int) -> None:
    """Send requests that the document allows, and some that it forbids; none fails the service.

    Args:
        server: The service.
        count: How many.
    """
    import schemathesis
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
    from schemathesis import GenerationMode

    address = f"http://127.0.0.1:{server.port}"
    document = schemathesis.openapi.from_url(f"{address}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations()]
    cases = st.one_of(
        *(
            operation.as_strategy(generation_mode=mode)
            for operation in operations
            for mode in GenerationMode
            if mode is GenerationMode.POSITIVE or operation.body
        )
    )
    seen: dict[int, int] = {}

    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def send(case: Any) -> None:
        response = case.call(base_url=address)
        assert response.status_code < 500, response.text
        seen[response.status_code] = seen.get(response.status_code, 0) + 1

    send()
    assert seen[200] > 0
    assert seen[422] > 0
    assert server.call("GET", "/readyz").status == 200
