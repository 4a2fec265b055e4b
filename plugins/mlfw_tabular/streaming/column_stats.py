"""What a column holds in all rows, found out part by part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlfw import Column, Kind
from mlfw_tabular.checks.identifiers import DENSE, LEAST_CODES, LEAST_KNOWN, SPARSE
from mlfw_tabular.checks.naming import UNIQUE
from mlfw_tabular.checks.same_rows import lasting_hashes
from mlfw_tabular.checks.values import floats, plain
from mlfw_tabular.streaming.packed import pack, unpack

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_HASHES = 50_000


class ColumnStats:
    """Tells whether a column is the same in every row, or only names the rows.

    How many values differ is estimated from those whose hash is among the lowest: all rows of one
    value are looked at, or none of them.
    """

    def __init__(self, column: Column, total: int, share: float = UNIQUE) -> None:
        """Begin.

        Args:
            column: The column.
            total: How many rows there are.
            share: The share of the values that differ where the column only names the rows.
        """
        import numpy as np

        self.column, self._share = column, share
        self._limit = lowest_hashes(MOST_HASHES, total)
        self._rows = self._known = self._kept = 0
        self._first: Any = None
        self._constant = True
        self._chosen = [np.zeros(0, np.uint64)]
        self._in_order = {1: True, -1: True}
        self._least, self._most = np.inf, -np.inf
        self._start, self._last = np.nan, np.nan

    def add(self, values: pa.Array) -> None:
        """Take the next rows into account, [rows]."""
        import pyarrow.compute as pc

        if not len(values):
            return
        values = plain(values)
        self._first = values[0] if self._first is None else self._first
        same = not values.null_count and pc.all(pc.equal(values, self._first)).as_py()
        self._constant = self._constant and bool(same)
        known = values.drop_null()
        self._rows += len(values)
        self._known += len(known)
        hashes = lasting_hashes([known])
        self._chosen.append(hashes[hashes <= self._limit])
        self._kept += len(self._chosen[-1])
        if self.column.kind is Kind.number and len(known):
            self._add_numbers(floats(known))

    def _add_numbers(self, numbers: np.ndarray) -> None:
        import numpy as np

        steps = np.diff(numbers, prepend=self._last)
        for sign in self._in_order:
            self._in_order[sign] &= not (sign * steps <= 0).any()
        self._start = float(numbers[0]) if np.isnan(self._start) else self._start
        self._last = float(numbers[-1])
        self._least = min(self._least, float(numbers.min()))
        self._most = max(self._most, float(numbers.max()))

    def to_json(self) -> dict[str, Any]:
        """Return what is known as JSON data."""
        import numpy as np
        import pyarrow as pa

        first = [] if self._first is None else [self._first.as_py()]
        kind = pa.null() if self._first is None else self._first.type
        numbers = (self._least, self._most, self._start, self._last)
        return {
            "rows": self._rows,
            "known": self._known,
            "constant": self._constant,
            "first": pack(pa.table({"first": pa.array(first, kind)})),
            "hashes": pack(pa.table({"hash": np.unique(np.concatenate(self._chosen))})),
            "kept": self._kept,
            "in_order": [self._in_order[sign] for sign in (1, -1)],
            "numbers": [float(number).hex() for number in numbers],
        }

    def join(self, other: Mapping[str, Any]) -> None:
        """Add what is known of the rows that follow; see `to_json`."""
        import numpy as np

        if not other["rows"]:
            return
        (first,) = unpack(other["first"])["first"]
        self._first = first if self._first is None else self._first
        self._constant = self._constant and other["constant"] and first == self._first
        self._rows += other["rows"]
        self._known += other["known"]
        self._chosen.append(np.asarray(unpack(other["hashes"])["hash"]))
        self._kept += other["kept"]
        least, most, start, last = map(float.fromhex, other["numbers"])
        for sign, ordered in zip((1, -1), other["in_order"], strict=True):
            self._in_order[sign] &= ordered and not sign * (start - self._last) <= 0
        self._least, self._most = min(self._least, least), max(self._most, most)
        self._start = start if np.isnan(self._start) else self._start
        self._last = self._last if np.isnan(last) else last

    def is_constant(self) -> bool:
        """Tell whether every row has the same value."""
        return self._constant and self._rows > 1

    def names_rows(self) -> bool:
        """Tell whether nearly every row has a value of its own, numbers in sequence."""
        import numpy as np

        chosen = np.concatenate(self._chosen)
        different = len(np.unique(chosen)) / max(self._kept, 1) * self._known
        if self.column.kind is not Kind.number:
            enough = self._share >= UNIQUE or different >= LEAST_CODES
            known = self._known >= LEAST_KNOWN * self._rows
            return known and enough and different >= self._share * self._known
        if different < UNIQUE * self._rows:
            return False
        span = self._most - self._least + 1
        return span <= (SPARSE if any(self._in_order.values()) else DENSE) * self._rows


def lowest_hashes(wanted: int, total: int) -> np.uint64:
    """Return the hash up to which about so many of all rows are."""
    import numpy as np

    return np.uint64(min(wanted / max(total, 1), 1.0) * (2**64 - 2**12))
