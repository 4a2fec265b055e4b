"""The values of a search range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mlfw import Interval, SearchRange
from mlfw.components.search import plain


def size(given: SearchRange) -> float:
    """Return how many values there are, which may be infinitely many."""
    if not isinstance(given, Interval):
        return len(distinct(given.values))
    return given.high - given.low + 1 if given.integer else math.inf


def every(given: SearchRange) -> list[Any]:
    """Return all values of choices or of an interval of whole numbers."""
    if not isinstance(given, Interval):
        return distinct(given.values)
    return list(range(int(given.low), int(given.high) + 1))


def distinct(values: Sequence[Any]) -> list[Any]:
    """Return the values without repeats, in their order."""
    found: list[Any] = []
    for value in values:
        if not any(same(value, other) for other in found):
            found.append(value)
    return found


def position(values: Sequence[Any], wanted: Any) -> int:
    """Return the index of a value.

    Raises:
        ValueError: It is not among the values.
    """
    for index, value in enumerate(values):
        if same(value, wanted):
            return index
    raise ValueError(f"{wanted!r} is not among {list(values)}")


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal, an enum being its value and True not being 1."""
    one, other = plain(one), plain(other)
    return type(one) is type(other) and bool(one == other)
