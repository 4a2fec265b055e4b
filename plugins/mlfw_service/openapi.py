"""The OpenAPI document of a service, typed by the model's schema."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlfw import Schema
from mlfw.files import read_json
from mlfw_service.options import ServiceOptions, Unknown
from mlfw_service.reading.columns import json_schema
from mlfw_service.routes.answers import answer_schema

SAMPLE = "sample.json"
PREDICT, MODEL, HEALTH = "Predict", "Model", "Health"
TAGS = {
    PREDICT: "Rows in, predictions out",
    MODEL: "What is served",
    HEALTH: "For whoever watches over the service",
}
STATUSES = {
    400: "The body cannot be read.",
    413: "The body is too large, or holds too many rows.",
    408: "The body did not arrive in time.",
    415: "The body is announced as another type.",
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


def openapi_document(
    schema: Schema, use: str, options: ServiceOptions, example: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the OpenAPI 3.0 document of a service.

    Args:
        schema: The model's schema.
        use: The name of the model component.
        options: Names the service.
        example: A row; made up where left out.
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
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": {
            "/predict": {"post": _predict()},
            "/predict/batch": {"post": _batch()},
            "/schema": {"get": _get("schema", MODEL, "What the model takes and gives")},
            "/model": {"get": _get("model", MODEL, "The model's card: data, metrics, limits")},
            "/livez": {"get": _get("livez", HEALTH, "Whether the process answers")},
            "/readyz": {"get": _get("readyz", HEALTH, "Whether the service is ready to predict")},
        },
        "components": {
            "schemas": {
                "Row": row_schema(schema, example or {}, options),
                "Prediction": answer_schema(schema),
                "Refusal": REFUSAL,
            }
        },
    }


def example_row(folder: Path) -> dict[str, Any]:
    """Return the most usual row of a saved model's sample; empty where there is no sample.

    It has the fewest missing values and categories that training never saw.

    Args:
        folder: The saved model.
    """
    schema = Schema.load(folder / "schema.json")
    known = {each.name: set(each.categories) for each in schema.columns if each.categories}

    def usual(row: Mapping[str, Any]) -> int:
        return sum(v is not None and v in known.get(name, {v}) for name, v in row.items())

    try:
        rows: list[dict[str, Any]] = read_json(folder / SAMPLE)["rows"]
        return max(rows, key=usual)
    except (OSError, KeyError, ValueError):
        return {}


def row_schema(
    schema: Schema, example: Mapping[str, Any], options: ServiceOptions
) -> dict[str, Any]:
    """Return the JSON schema of one row, as OpenAPI 3.0 wants it."""
    return {
        "type": "object",
        "title": "Row",
        "required": list(schema.names),
        "properties": {
            column.name: json_schema(column, example.get(column.name)) for column in schema.columns
        },
        "additionalProperties": options.unknown == Unknown.ignore,
    }


def _batch() -> dict[str, Any]:
    formats = {
        "text/csv": {"schema": {"type": "string"}},
        "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
    }
    return {
        "operationId": "predict_batch",
        "tags": [PREDICT],
        "summary": "A table in CSV or Parquet",
        "description": "Predict a table in CSV or Parquet. The answer is a table of the same "
        "format, or of the one that the header Accept names, with a row for each row.",
        "requestBody": {"required": True, "content": formats},
        "responses": {
            "200": {"description": "The predictions.", "content": formats},
            **_refusals({**STATUSES, 406: "Accept names neither CSV nor Parquet."}),
        },
    }


def _refusals(statuses: Mapping[int, str]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {
        str(status): {"description": text, "content": content}
        for status, text in sorted(statuses.items())
    }


def _predict() -> dict[str, Any]:
    def rows(name: str) -> dict[str, Any]:
        one = {"$ref": f"#/components/schemas/{name}"}
        forms = [one, {"type": "array", "items": one}]
        return {"application/json": {"schema": {"oneOf": forms}}}

    return {
        "operationId": "predict",
        "tags": [PREDICT],
        "summary": "One row or many, in JSON",
        "description": "Predict one row, an object with a key for every column, or a list of rows. "
        'A list may also stand under the key `rows`: {"rows": [...]}.',
        "requestBody": {"required": True, "content": rows("Row")},
        "responses": {
            "200": {
                "description": "An object for one row, or a list of them in the rows' order.",
                "content": rows("Prediction"),
            },
            **_refusals(STATUSES),
        },
    }


def _get(name: str, tag: str, summary: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    refused = {HEALTH: {503: STATUSES[503]}}.get(tag, {})
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "responses": {"200": {"description": summary, "content": content}, **_refusals(refused)},
    }
