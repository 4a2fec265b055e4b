"""What several models add to the OpenAPI document of a service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

VERSION_HEADERS = {
    "X-Model": {
        "description": "The name of the model that answered.",
        "schema": {"type": "string"},
    },
    "X-Model-Version": {
        "description": "Its version: the first digits of the SHA-256 of its manifest.",
        "schema": {"type": "string"},
    },
}


def with_models(
    document: Mapping[str, Any], names: Sequence[str], sticky_header: str
) -> dict[str, Any]:
    """Return an OpenAPI document that says which model answers, and how to ask for one.

    Args:
        document: The document of the first model.
        names: The names of all models; there are several.
        sticky_header: The same model answers requests with the same value of this header.
    """
    paths = {path: dict(operations) for path, operations in document["paths"].items()}
    for operations in paths.values():
        if "post" in operations:
            operations["post"] = _chosen(operations["post"], names, sticky_header)
    for name in names:
        paths[f"/models/{quote(name)}/predict"] = {"post": _one(name)}
    return {**document, "paths": paths}


def _chosen(
    operation: Mapping[str, Any], names: Sequence[str], sticky_header: str
) -> dict[str, Any]:
    """Return an operation that one of several models answers."""
    parameters = [
        _header("X-Model", "The model that answers.", {"type": "string", "enum": list(names)}),
        _header(sticky_header, "The same model answers the same value.", {"type": "string"}),
    ]
    responses = dict(operation["responses"])
    responses["200"] = {**responses["200"], "headers": VERSION_HEADERS}
    if "422" in responses:
        responses["404"] = {**responses["422"], "description": "There is no such model."}
    parameters = [*operation.get("parameters", ()), *parameters]
    return {**operation, "parameters": parameters, "responses": responses}


def _header(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": dict(schema)}


def _one(name: str) -> dict[str, Any]:
    """Return the operation that predicts by one model, whose own document says the rest."""
    path = f"/models/{quote(name)}"
    anything: dict[str, Any] = {"application/json": {"schema": {}}}
    return {
        "operationId": f"predict_{name}",
        "description": f"Predict rows by the model {name}; {path}/docs.json describes them.",
        "requestBody": {"required": True, "content": anything},
        "responses": {
            "200": {"description": "Predictions.", "content": anything, "headers": VERSION_HEADERS},
            "default": {"description": "The request cannot be answered.", "content": anything},
        },
    }
