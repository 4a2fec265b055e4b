"""What describes the service: its schema, its OpenAPI document, and the page that tries it."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Schema
from mlfw_service.asgi import JSON, App, Receive, Scope, Send, as_json, respond
from mlfw_service.openapi import example_row, openapi_document
from mlfw_service.options import ServiceOptions

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Predictions</title>
    <link rel="stylesheet" href="./docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="./docs/swagger-ui-bundle.js"></script>
    <script src="./docs/start.js"></script>
  </body>
</html>
"""
START = """window.ui = SwaggerUIBundle({
  url: "./docs.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null,
});
"""
FILES = {"swagger-ui.css": b"text/css", "swagger-ui-bundle.js": b"text/javascript"}
ELSEWHERE = re.compile(rb"\n?//# sourceMappingURL=.*")


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
        "left_out": list(schema.left_out),
    }


def page_routes(model: SavedModel, options: ServiceOptions) -> dict[str, App]:
    """Return the routes that describe the service."""
    document = openapi_document(model.schema, model.use, options, example_row(model.folder))
    index, start = INDEX.encode(), START.encode()
    return {
        "/schema": fixed(as_json(described(model.schema, model.use, options))),
        "/docs.json": fixed(as_json(document)),
        "/openapi.json": fixed(as_json(document)),
        "/": fixed(index, b"text/html; charset=utf-8"),
        "/docs": fixed(index, b"text/html; charset=utf-8"),
        "/docs/start.js": fixed(start, b"text/javascript"),
        **{f"/docs/{name}": _swagger_file(name, kind) for name, kind in FILES.items()},
    }


def fixed(content: bytes, kind: bytes = JSON) -> App:
    """Return an application that always answers the same."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["method"] in ("GET", "HEAD"):
            await respond(send, content, kind=kind)
        else:
            error = {"error": f"expected the method GET, found {scope['method']}", "details": []}
            await respond(send, as_json(error), 405, headers=[(b"allow", b"GET, HEAD")])

    return answer


def _swagger_file(name: str, kind: bytes) -> App:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await fixed(_swagger(name), kind)(scope, receive, send)

    return answer


@cache
def _swagger(name: str) -> bytes:
    """Return a file of Swagger UI; it asks for no other file."""
    from swagger_ui_bundle import swagger_ui_path

    return ELSEWHERE.sub(b"", (Path(swagger_ui_path) / name).read_bytes())
