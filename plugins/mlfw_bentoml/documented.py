"""BentoML's service with an OpenAPI document that tells all that this one answers."""

from __future__ import annotations

from typing import Any

import attrs
from _bentoml_sdk import Service  # type: ignore[import-untyped]
from bentoml._internal.service.openapi.specification import Info, PathItem, Schema

PREDICT = "/predict"
REFUSAL = "Refusal"
STATUSES = {
    400: "The body is not JSON.",
    413: "The body is too large, or holds too many rows.",
    415: "The body is not announced as application/json.",
    422: "A row does not fit: a column is missing or unknown, or a value is of the wrong type.",
    429: "Too many requests are under way.",
    500: "The model failed.",
    503: "The service is being stopped.",
    504: "The model took too long.",
}
ERROR = {"type": "string", "description": "What is wrong and what would be right."}
DETAIL = {
    "type": "object",
    "properties": {
        "row": {"type": "integer", "description": "The row's index, from 0."},
        "field": {"type": "string", "nullable": True, "description": "The column."},
        "expected": {"type": "string"},
        "found": {"type": "string"},
    },
}


class DocumentedService(Service[Any]):  # type: ignore[misc]
    """A service whose document names it, its refusals and `GET /schema`.

    Attributes:
        title: The document's title.
        summary: What the service does, in a sentence.
    """

    title: str = ""
    summary: str = ""

    @classmethod
    def called(cls, title: str, summary: str) -> type[DocumentedService]:
        """Return the class of a service with this title and summary."""
        return type(cls.__name__, (cls,), {"title": title, "summary": summary})

    @property
    def openapi_spec(self) -> Any:
        """The OpenAPI document, at `/docs.json`."""
        spec = super().openapi_spec
        schemas = {name: spec.components["schemas"][name] for name in ("Row", "Prediction")}
        version = str(self.bento.tag.version) if self.bento else "unreleased"
        return attrs.evolve(
            spec,
            info=Info(title=self.title, version=version, description=self.summary),
            paths={**spec.paths, PREDICT: _predict(spec.paths[PREDICT]), "/schema": _schema()},
            components={"schemas": {**schemas, REFUSAL: _refusal()}},
        )


def _predict(item: Any) -> Any:
    reference = {"schema": {"$ref": f"#/components/schemas/{REFUSAL}"}}
    refusals = {
        status: {"description": description, "content": {"application/json": reference}}
        for status, description in STATUSES.items()
    }
    body = item.post["requestBody"]["content"]["application/json"]
    # `root_input` is a word of BentoML's that OpenAPI does not know.
    body = attrs.evolve(body, schema=attrs.evolve(body.schema, root_input=False))
    request = {"required": True, "content": {"application/json": body}}
    responses = {200: item.post["responses"][200], **refusals}
    return attrs.evolve(item, post={**item.post, "requestBody": request, "responses": responses})


def _schema() -> Any:
    content = {"application/json": {"schema": {"type": "object"}}}
    return PathItem(
        get={
            "tags": ["Service APIs"],
            "operationId": "predictor__schema",
            "description": "What the model takes and gives: its task, classes and columns.",
            "responses": {200: {"description": "The schema.", "content": content}},
        }
    )


def _refusal() -> Any:
    properties: dict[str, Any] = {"error": ERROR, "details": {"type": "array", "items": DETAIL}}
    return Schema(type="object", title=REFUSAL, required=["error"], properties=properties)
