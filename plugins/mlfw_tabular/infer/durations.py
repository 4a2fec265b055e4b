"""Finding durations: 125:30, 30:15:00, 2h 50m, 1 days 02:03:04."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.hints import override
from mlfw.schema.cast import read_or_none
from mlfw_tabular.infer.inferred import HEAD, Inferred, Note

if TYPE_CHECKING:
    import pyarrow as pa

COLONS = {
    r"[+-]?\d+:\d{2}:\d{2}([.,]\d+)?": "%H:%M:%S",
    r"[+-]?\d+:\d{2}([.,]\d+)?": "%M:%S",
    r"[+-]?\d+ days?,? \+?\d{1,2}:\d{2}:\d{2}(\.\d+)?": "%d days %H:%M:%S",
}
UNITS = (
    ("d", "days", "day"),
    ("H", "hours", "hour", "hrs", "hr", "std", "h"),
    ("M", "minutes", "minute", "mins", "min", "m"),
    ("S", "seconds", "second", "secs", "sec", "s"),
)
LETTER_OF_DAYS = "d"
PIECES = re.compile(r"(?:[0-9]+(?:[.,][0-9]+)?\s*[^\W\d_]+[\s,]*){1,4}")
PIECE = re.compile(r"[0-9]\s*([^\W\d_]+)")


def find_duration(name: str, distinct: pa.Array) -> tuple[Inferred, pa.Array] | None:
    """Find how durations are written.

    Args:
        name: The column's name, for a note.
        distinct: Different values, trimmed, none missing, which are not all times of day.

    Returns:
        The template, and the values in seconds; None where they are no durations.
    """
    first = distinct[0].as_py()
    template = next((form for text, form in COLONS.items() if re.fullmatch(text, first)), "")
    if not template and first.startswith("PT"):
        template = "PT%HH%MM%SS"
    if not template and PIECES.fullmatch(first):
        template = _of_units(distinct[:HEAD].to_pylist())
    if not template:
        return None
    if len(distinct) > HEAD and read_or_none(distinct[:HEAD], Kind.number, template) is None:
        return None
    seconds = read_or_none(distinct, Kind.number, template)
    if seconds is None:
        return None
    message = f"Values such as {first} were read as durations in seconds, written {template}."
    other = override("dataset.columns", "number %H:%M", name=name)
    remedy = f"If they are hours and minutes: {other}" if template == "%M:%S" else ""
    return Inferred(Kind.number, template, (Note(message, remedy),)), seconds


def _of_units(values: list[str]) -> str:
    """Return the template of values such as 2h 50m, 19h and 5m; of one unit there is none."""
    units: dict[str, str] = {}
    for value in values:
        if not PIECES.fullmatch(value):
            return ""
        for unit in PIECE.findall(value):
            part = _part(unit)
            if not part or _singular(units.setdefault(part, unit)) != _singular(unit):
                return ""
            units[part] = max(units[part], unit, key=len)
    if len(units) < 2:
        return ""
    blank = " " if any(re.search(r"[0-9]\s+[^\W\d_]", value) for value in values) else ""
    return " ".join(f"%{part}{blank}{units[part]}" for part in "dHMS" if part in units)


def _singular(unit: str) -> str:
    return unit.removesuffix("s") if len(unit) > 2 else unit


def _part(unit: str) -> str:
    lowered = unit.lower()
    if lowered == LETTER_OF_DAYS:
        return "d"
    return next((part for part, *names in UNITS if lowered in names), "")
