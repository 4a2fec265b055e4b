"""Made-up rows to try a model with, from its schema alone."""

from __future__ import annotations

import base64
import io
import math
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlfw import Column, Kind, Schema, conform
from mlfw.schema import free_name, storage_type

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST = 16
STEPS = (0.0, -1.0, 1.0, -2.0, 2.0, 0.25, -0.5)
ODD_NUMBERS = (0.0, -1.0, 1e9, -1e9, 1e300, math.nan)
START = datetime(1970, 1, 1)
ODD_DATES = (START, datetime(1900, 2, 28), datetime(2100, 3, 1, 12, 34, 56), None)


def sample_rows(schema: Schema, notes: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """Return rows with every category, edge cases and missing values.

    They are the same each time and hold no row of the training data. The first row has ordinary
    values only, the last one has only missing values.

    Args:
        schema: The model's schema.
        notes: The descriptions of the model's inputs, by column; see `prediction_model`.

    Returns:
        Rows that conform to the schema.
    """
    import pyarrow as pa

    values = [_values(column, notes.get(column.name, {})) for column in schema.columns]
    count = max(FEWEST, *(len(each) for each in values))
    chance = random.Random(0)  # noqa: S311 - no secret, and the same each time
    columns = [_shuffled(each, count, chance) for each in values]
    arrays = [
        pa.array(each, _type(column)) for column, each in zip(schema.columns, columns, strict=True)
    ]
    return pa.table(arrays, names=list(schema.names))


def rows_of(plain: Sequence[Mapping[str, Any]], schema: Schema) -> pa.Table:
    """Return the rows that `plain_rows` wrote; they conform to the schema."""
    import pyarrow as pa

    arrays = [
        pa.array([_read(column, row[column.name]) for row in plain], _type(column))
        for column in schema.columns
    ]
    return conform(pa.table(arrays, names=list(schema.names)), schema)


def plain_rows(rows: pa.Table) -> list[dict[str, Any]]:
    """Return rows as JSON data: dates as ISO texts, images in base64."""
    return [{name: _plain(value) for name, value in row.items()} for row in rows.to_pylist()]


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    return pa.string() if column.kind is Kind.category else storage_type(column.kind)


def _read(column: Column, value: Any) -> Any:
    """Return a value as it was before `_plain`."""
    if value is None:
        return None
    if column.kind is Kind.datetime:
        return datetime.fromisoformat(value)
    return base64.b64decode(value) if column.kind is Kind.image else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _shuffled(values: list[Any], count: int, chance: random.Random) -> list[Any]:
    """Return the first value, the others shuffled and repeated, and a missing value."""
    others = values[1:] + [chance.choice(values) for _ in range(count - len(values))]
    chance.shuffle(others)
    return [values[0], *others, None]


def _values(column: Column, notes: Mapping[str, Any]) -> list[Any]:
    if column.kind is Kind.number:
        numbers = [*_around(notes), *ODD_NUMBERS]
        return [_whole(number) for number in numbers] if column.integer else numbers
    if column.kind is Kind.datetime:
        return [*(_date(days) for days in _around(notes)), *ODD_DATES]
    if column.kind is Kind.boolean:
        return [True, False, None]
    if column.kind is Kind.category:
        return [*column.categories, free_name("unseen", column.categories), None]
    if column.kind is Kind.text:
        words = (notes.get("words") or notes.get("vocabulary") or ["word"])[:50]
        return ["", " ".join(words[:3]), " ".join(words), "Unseen, UNSEEN unseen!", None]
    return [_image(0), _image(255), None]


def _around(notes: Mapping[str, Any]) -> list[float]:
    """Return ordinary numbers, or days since 1970."""
    usual, spread = notes.get("usual", 0.0), notes.get("spread", 1.0)
    return [usual + step * spread for step in STEPS]


def _whole(number: float) -> float:
    return float(round(number)) if math.isfinite(number) else number


def _date(days: float) -> datetime:
    """Return a date, rounded to the hour."""
    hours = min(max(round(24 * days), -24 * 700_000), 24 * 2_900_000)
    return START + timedelta(hours=hours)


def _image(colour: int) -> bytes:
    """Return a PNG file of one grey level, 0 to 255."""
    from PIL import Image

    content = io.BytesIO()
    Image.new("L", (8, 8), colour).save(content, "PNG")
    return content.getvalue()
