"""How a column's values are distributed, so coarsely that nobody can be told from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mlfw.schema.kinds import Kind
from mlfw.schema.whole import whole

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LEAST_ROWS = 10  # no count of fewer rows is kept
MOST_BINS = 20
FENCE = 3.0  # spans beyond the quantiles at 5 % and 95 %, where the range ends at the latest
DAY_US = 86_400_000_000
NUMERIC = frozenset({Kind.number, Kind.datetime, Kind.text})


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """How the values of one column are distributed.

    Numbers are counted in bins of about equally many rows; dates as days since 1970, texts by
    their length in characters. Categories, booleans and classes are counted one by one. No value
    of a row is kept but names of categories, which the schema holds too, and no count of fewer
    than 10 rows but that of missing values.

    Attributes:
        rows: How many values were counted, missing ones included.
        missing: How many were missing.
        edges: Where one bin ends and the next begins, ascending; a bin holds its upper edge.
        counts: Values per bin, one more than edges; empty where the column is not numeric.
        low: Where the range of values begins, rounded down; extreme values are cut off.
        high: Where it ends, rounded up.
        categories: How often each value occurred, rare ones left out.
        other: How often the rare ones occurred together.
    """

    rows: int
    missing: int
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None
    categories: Mapping[str, int] = field(default_factory=dict)
    other: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the distribution as JSON data, what is empty left out."""
        found = {**asdict(self), "categories": dict(self.categories)}
        empty: tuple[Any, ...] = ((), {}, None)
        return {key: value for key, value in found.items() if value not in empty}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Distribution:
        """Build a distribution from what `to_json` returned."""
        lists = {key: tuple(data.get(key, ())) for key in ("edges", "counts")}
        return cls(**{**data, **lists})

    @classmethod
    def of(cls, values: pa.Array, kind: Kind) -> Distribution:
        """Return the distribution of a column.

        Args:
            values: The column in its kind's storage type, [rows].
            kind: What it holds.
        """
        if kind in NUMERIC:
            return _of_numbers(numbers_of(values, kind), len(values))
        if kind is Kind.image:
            return cls(rows=len(values), missing=values.null_count)
        counts, missing = category_counts(values)
        frequent = {name: count for name, count in counts.items() if count >= LEAST_ROWS}
        other = sum(counts.values()) - sum(frequent.values())
        while 0 < other < LEAST_ROWS and frequent:  # the rarest of the others hides a few rows
            other += frequent.pop(min(frequent, key=frequent.__getitem__))
        if other < LEAST_ROWS:
            other = 0
        rows = sum(frequent.values()) + other + missing
        return cls(rows=rows, missing=missing, categories=frequent, other=other)


def numbers_of(values: pa.Array | pa.ChunkedArray, kind: Kind) -> np.ndarray:
    """Return a numeric column as it is counted in bins, float64 without its missing values.

    Args:
        values: The column in its kind's storage type.
        kind: Number, date (as days since 1970) or text (as characters).
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    known = _piece(values).drop_null()
    if kind is Kind.text:
        return np.asarray(pc.utf8_length(known), np.float64)
    if kind is Kind.datetime:
        return np.asarray(known.cast(pa.int64()), np.float64) / DAY_US
    numbers = np.asarray(known, np.float64)
    finite: np.ndarray = numbers[np.isfinite(numbers)]
    return finite


def _piece(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    return whole(values) if isinstance(values, pa.ChunkedArray) else values


def category_counts(values: pa.Array | pa.ChunkedArray) -> tuple[dict[str, int], int]:
    """Return how often each category, boolean or label occurs, and how many values are missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _piece(values)
    missing = column.null_count
    if pa.types.is_list(column.type):
        column = pc.list_flatten(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    counted = column.drop_null().value_counts()
    names = counted.field("values").cast(pa.string()).to_pylist()
    return dict(zip(names, counted.field("counts").to_pylist(), strict=True)), missing


def bin_counts(values: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Return how many values each bin holds, int64 [len(edges) + 1]."""
    import numpy as np

    places = np.searchsorted(np.asarray(edges, np.float64), values, side="left")
    return np.bincount(places, minlength=len(edges) + 1)


def _of_numbers(values: np.ndarray, rows: int) -> Distribution:
    missing = rows - len(values)
    if len(values) < LEAST_ROWS:
        return Distribution(rows=rows, missing=missing)
    edges = _edges(values)
    low, high = _range(values)
    counts = tuple(bin_counts(values, edges).tolist())
    return Distribution(rows=rows, missing=missing, edges=edges, counts=counts, low=low, high=high)


def _edges(values: np.ndarray) -> tuple[float, ...]:
    """Return edges between bins of about equally many rows, at least 10; few if values repeat."""
    import numpy as np

    distinct, counts = np.unique(values, return_counts=True)
    upto = np.cumsum(counts)
    wanted = max(len(values) / MOST_BINS, LEAST_ROWS)
    ends: list[int] = []
    done = start = 0
    while len(values) - done >= wanted + LEAST_ROWS and start < len(distinct) - 1:
        end = int(np.searchsorted(upto, done + wanted))
        before = upto[end - 1] - done if end > start else 0
        # A value that fills a bin alone has one of its own.
        if counts[end] >= wanted and before >= LEAST_ROWS:
            end -= 1
        if end >= len(distinct) - 1 or len(values) - upto[end] < LEAST_ROWS:
            break
        ends.append(end)
        done, start = int(upto[end]), end + 1
    return tuple(_between(float(distinct[end]), float(distinct[end + 1])) for end in ends)


def _between(low: float, high: float) -> float:
    """Return the shortest number near the middle between two, which is neither of them."""
    middle = low + (high - low) / 2
    for digits in range(1, 17):
        short = float(f"{middle:.{digits}g}")
        if low < short < high:
            return short
    return low


def _range(values: np.ndarray) -> tuple[float, float]:
    """Return the range of values, rounded outwards and without extreme ones."""
    import numpy as np

    first, last = np.quantile(values, [0.05, 0.95])
    span = float(last - first) or 2 * float(np.std(values))
    if not np.isfinite(span) or span <= 0:
        return float(values.min()), float(values.max())
    unit = math.floor(math.log10(span / MOST_BINS))
    low = max(float(values.min()), float(first) - FENCE * span)
    high = min(float(values.max()), float(last) + FENCE * span)
    return _rounded(low, unit, math.floor), _rounded(high, unit, math.ceil)


def _rounded(value: float, unit: int, towards: Callable[[float], int]) -> float:
    """Return a number rounded down or up to a multiple of a power of ten."""
    steps = towards(value / 10.0**unit)
    return float(f"{steps * 10.0**unit:.15g}")
