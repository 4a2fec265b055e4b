"""The OpenAPI document of a service, typed by the model's schema."""

from __future__ import annotations

from typing import Any

from mlfw import Schema
from mlfw_service.options import ServiceOptions
from mlfw_service.reading.columns import json_schema
from mlfw_service.routes.answers import answer_schema

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
REFUSAL = {
    "type": "object",
    "title": "Refusal",
    "required": ["error"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong and what would be right."},
        "details": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "row": {"type": "integer", "description": "The row's index, from 0."},
                    "field": {"type": "string", "nullable": True, "description": "The column."},
                    "expected": {"type": "string"},
                    "found": {"type": "string"},
                },
            },
        },
    },
}


def openapi_document(schema: Schema, use: str, options: ServiceOptions) -> dict[str, Any]:
    """Return the OpenAPI 3.0 document of a service.

    Args:
        schema: The model's schema.
        use: The name of the model component.
        options: Names the service.
    """
    shown = ", ".join(f"{target.name} ({target.task.value})" for target in schema.targets)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": options.name,
            "version": "1",
            "description": f"Predicts {shown} with the model {use}.",
        },
        "servers": [{"url": "."}],
        "paths": {
            "/predict": {"post": _predict()},
            "/schema": {"get": _get("schema", "What the model takes and gives.")},
            "/livez": {"get": _get("livez", "Whether the process answers.")},
            "/readyz": {"get": _get("readyz", "Whether the service is ready to predict.")},
        },
        "components": {
            "schemas": {
                "Row": row_schema(schema),
                "Prediction": answer_schema(schema),
                "Refusal": REFUSAL,
            }
        },
    }


def row_schema(schema: Schema) -> dict[str, Any]:
    """Return the JSON schema of one row, as OpenAPI 3.0 wants it."""
    return {
        "type": "object",
        "title": "Row",
        "required": list(schema.names),
        "properties": {column.name: json_schema(column) for column in schema.columns},
        "additionalProperties": False,
    }


def _predict() -> dict[str, Any]:
    def rows(name: str) -> dict[str, Any]:
        items = {"$ref": f"#/components/schemas/{name}"}
        return {"application/json": {"schema": {"type": "array", "items": items}}}

    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {
        "operationId": "predict",
        "description": "Predict rows: a list of objects, each with a key for every column.",
        "requestBody": {"required": True, "content": rows("Row")},
        "responses": {
            "200": {
                "description": "One object a row, in the rows' order.",
                "content": rows("Prediction"),
            },
            **{
                str(status): {"description": text, "content": refusal}
                for status, text in STATUSES.items()
            },
        },
    }


def _get(name: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": name,
        "description": description,
        "responses": {"200": {"description": description, "content": content}},
    }
