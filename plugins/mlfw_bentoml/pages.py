"""The pages that BentoML's own API methods, all of them POST, cannot give."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from mlfw import Schema
from mlfw_bentoml.options import ServiceOptions

# BentoML's own page loads a tracker from googletagmanager.com; the files named here are local.
INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <title>Predictions</title>
    <link rel="stylesheet" type="text/css" href="./static_content/swagger-ui.css">
    <link rel="stylesheet" type="text/css" href="./static_content/index.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="./static_content/swagger-ui-bundle.js" charset="UTF-8"></script>
    <script src="./static_content/swagger-ui-standalone-preset.js" charset="UTF-8"></script>
    <script src="./static_content/swagger-initializer.js" charset="UTF-8"></script>
  </body>
</html>
"""


def described(schema: Schema, use: str, options: ServiceOptions) -> dict[str, Any]:
    """Return what `GET /schema` answers: what the model takes and gives.

    Args:
        schema: The model's schema.
        use: The name of the model component.
        options: Names the service.
    """
    return {
        "name": options.name,
        "model": use,
        "targets": [
            {"name": target.name, "task": target.task.value, "classes": list(target.classes)}
            for target in schema.targets
        ],
        "columns": [asdict(column) for column in schema.columns],
    }


def pages(schema: Schema, use: str, options: ServiceOptions) -> Starlette:
    """Return the app that answers `GET /schema`, `GET /` and the wrong methods of `/predict`."""

    def answer_schema(request: Request) -> JSONResponse:  # noqa: ARG001
        return JSONResponse(described(schema, use, options))

    def answer_index(request: Request) -> HTMLResponse:  # noqa: ARG001
        return HTMLResponse(INDEX)

    def refuse_method(request: Request) -> JSONResponse:
        content = {"error": f"expected the method POST, found {request.method}", "details": []}
        return JSONResponse(content, status_code=405, headers={"Allow": "POST"})

    return Starlette(
        routes=[
            Route("/schema", answer_schema),
            Route("/", answer_index),
            Route("/predict", refuse_method, methods=["GET", "PUT", "PATCH", "DELETE"]),
        ]
    )
