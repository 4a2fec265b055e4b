"""Cells of a spreadsheet to typed columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

MOST_EXACT = 2.0**53
ERRORS = {"#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA"}
TYPES = {
    bool: "true or false",
    int: "numbers",
    float: "numbers",
    dt.date: "dates",
    dt.datetime: "dates",
    dt.time: "times",
    dt.timedelta: "durations",
    str: "text",
}


def to_column(cells: Sequence[Any]) -> tuple[pa.Array, list[str]]:
    """Return a column of one type, and the types of its cells where there are several.

    Whole numbers, numbers, booleans, dates and text keep their types; times, durations and what
    is mixed become text. Empty cells and errors of formulas are missing.

    Args:
        cells: The cells' values, [rows].
    """
    import pyarrow as pa

    values = [None if value is None or value in ERRORS or value == "" else value for value in cells]
    types = {type(value) for value in values} - {type(None)}
    if not types:
        return pa.nulls(len(values), pa.string()), []
    if types == {bool}:
        return pa.array(values, pa.bool_()), []
    if types <= {int, float}:
        whole = all(v is None or (abs(v) <= MOST_EXACT and v == int(v)) for v in values)
        return pa.array([_number(v, whole) for v in values]), []
    if types <= {dt.date, dt.datetime}:
        return pa.array([_moment(v) for v in values], pa.timestamp("us")), []
    words = list(dict.fromkeys(TYPES.get(type(v), "text") for v in values if v is not None))
    texts = pa.array([None if v is None else to_text(v) for v in values], pa.string())
    return texts, words if len(words) > 1 else []


def to_text(value: Any) -> str:
    """Return a cell as text, as the spreadsheet would show it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and abs(value) <= MOST_EXACT and value == int(value):
        return str(int(value))
    if isinstance(value, dt.datetime | dt.date):
        moment = _moment(value)
        assert moment is not None
        return str(moment.date() if moment.time() == dt.time() else moment)
    if isinstance(value, dt.timedelta):
        seconds = value.total_seconds()
        hours, rest = divmod(abs(seconds), 3600)
        return f"{'-' * (seconds < 0)}{hours:.0f}:{rest // 60:02.0f}:{rest % 60:02.0f}"
    return str(value)


def _number(value: Any, whole: bool) -> int | float | None:
    if value is None:
        return None
    return int(value) if whole else float(value)


def _moment(value: Any) -> dt.datetime | None:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())
