"""Usual values of a column as text, as its values are written, and a hint about them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mlfw import Column, Kind
from mlfw.schema import is_duration
from mlfw.schema.cast import read_or_none
from mlfw.schema.dates import has_date
from mlfw.schema.durations import PIECE, SECONDS
from mlfw.schema.numerals import picture

STEPS, ROUGH_STEPS = 100, 5  # numbers are rounded to about so many steps within their spread
START = datetime(1970, 1, 1, tzinfo=UTC)
EXAMPLE = 19_874.0  # 2024-05-31
FIRST_DAY, LAST_DAY = -719_162.0, 2_932_896.0  # the years 1 and 9999


def usual_text(column: Column, notes: Mapping[str, Any]) -> str:
    """Return what the form holds at first: a usual value, or nothing where none is known.

    Args:
        column: The column.
        notes: The description of the model's input; see `mlfw_onnx.prediction_model`.
    """
    if column.kind is Kind.category:
        return "" if column.missing or not column.categories else column.categories[0]
    if column.kind is Kind.boolean:
        return "no"
    if "usual" not in notes:
        return ""
    return _written(column, float(notes["usual"]), float(notes.get("spread", 1.0)))


def hint(column: Column, notes: Mapping[str, Any]) -> str:
    """Return a sentence about what the column takes."""
    if column.kind is Kind.text:
        return "Any text."
    if column.kind is Kind.image:
        return "An image file; it is resized in this browser."
    if column.kind in (Kind.category, Kind.boolean):
        return ""
    parts = []
    if "usual" in notes:
        usual, spread = float(notes["usual"]), abs(float(notes.get("spread", 1.0)))
        ends = notes.get("range", (usual - 2 * spread, usual + 2 * spread))
        low, high = (_written(column, float(end), spread, ROUGH_STEPS) for end in ends)
        if low and high and low != high:
            parts.append(f"Usually {low} to {high}.")
    if column.kind is Kind.datetime and (not column.format or has_date(column.format)):
        own = f"{_date(column, EXAMPLE)} or " if column.format else ""
        parts.append(f"Written as {own}2024-05-31, with a time or without.")
    return " ".join(parts)


def _written(column: Column, value: float, spread: float, steps: int = STEPS) -> str:
    """Return a number, or days since 1970, as values of the column are written; or nothing."""
    if not math.isfinite(value):
        return ""
    if column.kind is Kind.datetime:
        text = _date(column, value)
    else:
        text = _number(column, value, spread / steps)
    return text if _is_read(column, text) else ""


def _is_read(column: Column, text: str) -> bool:
    import pyarrow as pa

    read = read_or_none(pa.array([text]), column.kind, column.format, column.words_for_missing)
    return read is not None and not read.null_count


def _number(column: Column, value: float, precision: float) -> str:
    """Return a number, rounded to a power of 10 that is no larger than the precision."""
    power = math.floor(math.log10(max(precision, abs(value) * 1e-9, 1e-300)))
    if column.integer:
        power = max(power, 0)
    rounded = float(round(value, -power)) if power > -300 else value
    decimals = min(max(-power, 0), 12)
    if column.format and is_duration(column.format):
        return _duration(column.format, max(rounded, 0.0))
    text = f"{rounded:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = "0" if text in ("-0", "") else text
    return text.replace(".", picture(column.format).point) if column.format else text


def _duration(template: str, seconds: float) -> str:
    """Return seconds as a template such as `%H:%M:%S` writes them."""
    pieces = [(found["name"], found["after"]) for found in PIECE.finditer(template)]
    rest, made = seconds, template.partition("%")[0]
    smallest = min(SECONDS[name] for name, _ in pieces)
    rest = round(rest / smallest) * smallest
    for place, (name, after) in enumerate(pieces):
        count, rest = divmod(rest, SECONDS[name])
        made += f"{int(count):02d}{after}" if place else f"{int(count)}{after}"
    return made


def _date(column: Column, days: float) -> str:
    days = min(max(days, FIRST_DAY), LAST_DAY)
    if column.format and not has_date(column.format):
        moment = START + timedelta(minutes=round(days % 1 * 1440) % 1440)
    else:
        moment = START + timedelta(days=math.floor(days))
    if not column.format:
        return f"{moment:%Y-%m-%d}".rjust(10, "0")
    quarter = (moment.month + 2) // 3
    template = column.format.replace("%q", str(quarter))
    return moment.strftime(template)
