"""The JSON schema of one column's values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mlfw import Column, Kind
from mlfw.errors import listing
from mlfw.schema.dates import has_day

MOST_LISTED = 50
WAYS = {
    Kind.number: "Numbers are taken as text too",
    Kind.category: "Numbers are taken as text too",
    Kind.boolean: "yes, no, y, n, 1 and 0 are taken too",
    Kind.datetime: "A date without a time is taken too",
}


def json_schema(column: Column, example: Any = None) -> dict[str, Any]:
    """Return the JSON schema of a column's values, as OpenAPI 3.0 wants it.

    Args:
        column: The column.
        example: A value of it; a made-up one where left out.
    """
    forms: dict[Kind, dict[str, Any]] = {
        Kind.number: {"type": "number", "example": 1 if column.integer else 1.5},
        Kind.category: {"type": "string", "example": (*column.categories, "")[0]},
        Kind.boolean: {"type": "boolean", "example": True},
        Kind.datetime: _moment_schema(column),
        Kind.text: {"type": "string", "example": "some text"},
        Kind.image: {"type": "string", "format": "byte"},
    }
    common = {"title": column.name, "nullable": True, "description": _description(column)}
    given = {} if example is None else {"example": example}
    return {**forms[column.kind], **common, **given}


def _moment_schema(column: Column) -> dict[str, Any]:
    """Return the JSON schema of dates, and of months or times of day as they are written."""
    if not column.format or has_day(column.format):
        return {"type": "string", "format": "date-time", "example": "2024-05-31T14:30:00"}
    example = datetime(2024, 5, 31, 14, 30, tzinfo=UTC)
    return {"type": "string", "example": example.strftime(column.format.replace("%q", "2"))}


def _description(column: Column) -> str:
    words = [f"{column.kind.value}; null where the value is missing."]
    if column.categories:
        words.append(
            f"Seen in training: {listing(column.categories, MOST_LISTED)}. Others are accepted."
        )
    if column.integer:
        words.append("All whole numbers in training.")
    ways = WAYS.get(column.kind, "")
    written = (
        f"written as {column.format}" if column.format and column.kind is not Kind.text else ""
    )
    if ways or written:
        words.append(f"{', also '.join(part for part in (ways, written) if part)}.")
    return " ".join(words)
