"""The type of one column's values in a request."""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import pyarrow as pa
from pydantic import (
    Field,
    PlainValidator,
    Strict,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from mlfw import Column, Kind
from mlfw.errors import listing
from mlfw.schema.cast import cast
from mlfw.schema.dates import has_day

# What single precision holds; trees and networks know no larger number.
LARGEST = 3.4e38
WHOLE = re.compile(r"-?[0-9]{1,40}")
EXPECTATIONS = {
    Kind.number: "a number or null",
    Kind.category: "a string or null",
    Kind.boolean: "true, false or null",
    Kind.datetime: "a date or time as a string such as 2024-05-31 or 2024-05-31T14:30:00, or null",
    Kind.text: "a string or null",
    Kind.image: "an image file's content in base64, or null",
}


def column_type(column: Column) -> Any:
    """Return the type of a column's values, for pydantic.

    Every column takes null, for a missing value. Types are strict: `"1"` is no number, 1 is no
    text. A category seen as a number or as true or false in training is taken in that form too,
    and handed on as the text that was seen.
    """
    schema = WithJsonSchema(json_schema(column))
    if column.kind is Kind.image:
        return Annotated[Any, PlainValidator(_image), schema]
    if column.format and column.kind in (Kind.number, Kind.datetime):
        return Annotated[Any, PlainValidator(_written(column)), schema]
    if column.kind is Kind.number:
        bounds = Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)
        return Annotated[float | None, Strict(), bounds, schema]
    if column.kind is Kind.boolean:
        return Annotated[bool | None, Strict(), schema]
    if column.kind is Kind.datetime:
        return Annotated[Any, PlainValidator(_moment), schema]
    if column.kind is Kind.category and (special := _not_quite_text(column)):
        return Annotated[Any, PlainValidator(_category(special)), schema]
    return Annotated[str | None, Strict(), schema]


def expectation(column: Column, found: Any = None) -> str:
    """Return what is expected of a column's values, in words.

    Args:
        column: The column.
        found: The value that does not fit, if any.
    """
    if column.kind is Kind.number and type(found) in (int, float):
        return f"a number between -{LARGEST:g} and {LARGEST:g}, or null"
    if column.kind is Kind.category and (special := _not_quite_text(column)):
        forms = {"true or false" if isinstance(form, bool) else "a number" for form in special}
        return f"a string, {' or '.join(sorted(forms))}, or null"
    return EXPECTATIONS[column.kind]


def json_schema(column: Column) -> dict[str, Any]:
    """Return the JSON schema of a column's values, as OpenAPI 3.0 wants it."""
    forms: dict[Kind, dict[str, Any]] = {
        Kind.number: {"type": "number", "example": 1 if column.integer else 1.5},
        Kind.category: {"type": "string", "example": (*column.categories, "")[0]},
        Kind.boolean: {"type": "boolean", "example": True},
        Kind.datetime: _moment_schema(column),
        Kind.text: {"type": "string", "example": "some text"},
        Kind.image: {"type": "string", "format": "byte"},
    }
    common = {"title": column.name, "nullable": True, "description": _description(column)}
    return {**forms[column.kind], **common}


def _moment_schema(column: Column) -> dict[str, Any]:
    """Return the JSON schema of dates, and of months or times of day as they are written."""
    if not column.format or has_day(column.format):
        return {"type": "string", "format": "date-time", "example": "2024-05-31T14:30:00"}
    example = datetime(2024, 5, 31, 14, 30, tzinfo=UTC)
    return {"type": "string", "example": example.strftime(column.format.replace("%q", "2"))}


def _description(column: Column) -> str:
    words = [f"{column.kind.value}; null where the value is missing."]
    if column.categories:
        words.append(f"Seen in training: {listing(column.categories, 50)}. Others are accepted.")
    if column.integer:
        words.append("All whole numbers in training.")
    return " ".join(words)


def _image(value: Any) -> bytes | None:
    """Read the content of an image file; whether it is one, the model's preparation finds out."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("not a string")
    return b64decode(value, validate=True)


def _written(column: Column) -> Callable[[Any], Any]:
    """Return a reader of numbers or dates that may also be written as in the training data."""
    usual: TypeAdapter[Any] = TypeAdapter(column_type(replace(column, format="")))

    def read(value: Any) -> Any:
        try:
            return usual.validate_python(value)
        except ValidationError:
            if not isinstance(value, str):
                raise ValueError("not a string") from None
            return cast(pa.array([value]), column.kind, column.format, column.words_for_missing)[
                0
            ].as_py()

    return read


def _moment(value: Any) -> datetime | None:
    """Read a date or time in ISO 8601; one with a zone becomes UTC, as in training."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("not a string")
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise ValueError("beyond the calendar") from None


def _not_quite_text(column: Column) -> dict[bool | float, str]:
    """Return the categories that a client may well hold as numbers or booleans, by that form."""
    words = {"true": True, "false": False}
    found: dict[bool | float, str] = {}
    for text in column.categories:
        if text.lower() in words:
            # A dict takes True and 1 for the same key; no column means both.
            found[words[text.lower()]] = text
        elif (number := _number(text)) is not None:
            found[number] = text
    return found


def _number(text: str) -> float | None:
    try:
        # As an integer where it is one: beyond 2 ** 53 two of these may be the same float.
        number = int(text) if WHOLE.fullmatch(text) else float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _category(special: dict[bool | float, str]) -> Callable[[Any], str | None]:
    kinds = {bool if isinstance(form, bool) else float for form in special}

    def read(value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        kind = float if type(value) is int else type(value)
        if kind not in kinds or (kind is float and not math.isfinite(value)):
            raise ValueError("not a category")
        if value in special:
            return special[value]
        return str(value).lower()

    return read
