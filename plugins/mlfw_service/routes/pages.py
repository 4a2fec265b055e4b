"""What describes the service: schema, card, OpenAPI document, and the pages that try it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Schema
from mlfw.files import read_json
from mlfw_service.asgi import JSON, App, Receive, Scope, Send, as_json, respond
from mlfw_service.openapi import example_row, openapi_document
from mlfw_service.options import ServiceOptions

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_web import ServedPage

DOCS = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>API of this service</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <link rel="stylesheet" href="docs/style.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
"""
# The badges say no more than that this is OpenAPI, and there is no other server to choose.
OWN_STYLE = """body { margin: 0; }
.swagger-ui .info .title small, .swagger-ui .scheme-container { display: none; }
.swagger-ui .info { margin: 30px 0 10px; }
"""
START = """window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
});
"""
HTML, SCRIPT, STYLE = (
    f"text/{kind}; charset=utf-8".encode() for kind in ("html", "javascript", "css")
)
FILES = {"swagger-ui.css": STYLE, "swagger-ui-bundle.js": SCRIPT}
ELSEWHERE = re.compile(rb"\n?(//# sourceMappingURL=.*|/\*# sourceMappingURL=[^*]*\*/)")
NOWHERE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Swagger UI writes styles into the page.
POLICY = (
    f"{NOWHERE}; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'"
)
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", POLICY.encode()),
]


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


def model_card(model: SavedModel, options: ServiceOptions) -> dict[str, Any]:
    """Return what `GET /model` answers: the card, so far as the saved model has one.

    Args:
        model: The model.
        options: Names the service.
    """
    path = model.folder / "card.json"
    card = dict(read_json(path)) if path.is_file() else {}
    return {"name": options.name, "model": model.use, **card}


def page_routes(model: SavedModel, options: ServiceOptions) -> dict[str, App]:
    """Return the routes that describe the service."""

    @cache
    def document() -> bytes:
        example = example_row(model.folder)
        return as_json(openapi_document(model.schema, model.use, options, example))

    @cache
    def form() -> ServedPage:
        from mlfw_web import served_page

        return served_page(model, options.name, options.max_rows)

    return {
        "/": fixed(lambda: form().index.encode(), HTML),
        "/page.js": fixed(lambda: form().script.encode(), SCRIPT),
        "/page.css": fixed(lambda: form().style.encode(), STYLE),
        "/schema": fixed(lambda: as_json(described(model.schema, model.use, options))),
        "/model": fixed(lambda: as_json(model_card(model, options))),
        "/openapi.json": fixed(document),
        "/docs.json": fixed(document),
        "/docs": fixed(DOCS.encode, HTML),
        "/docs/start.js": fixed(START.encode, SCRIPT),
        "/docs/style.css": fixed(OWN_STYLE.encode, STYLE),
        **{f"/docs/{name}": fixed(_swagger(name), kind) for name, kind in FILES.items()},
    }


def fixed(make: Callable[[], bytes], kind: bytes = JSON) -> App:
    """Return an application that always answers the same.

    Args:
        make: Makes the answer when it is asked for.
        kind: Its content type.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        if scope["method"] in ("GET", "HEAD"):
            await respond(send, make(), kind=kind, headers=HEADERS)
        else:
            error = {"error": f"expected the method GET, found {scope['method']}", "details": []}
            await respond(send, as_json(error), 405, headers=[(b"allow", b"GET, HEAD")])

    return answer


def _swagger(name: str) -> Callable[[], bytes]:
    """Return what reads a file of Swagger UI, which asks for no other file."""

    @cache
    def read() -> bytes:
        from swagger_ui_bundle import swagger_ui_path

        return ELSEWHERE.sub(b"", (Path(swagger_ui_path) / name).read_bytes())

    return read
