"""Turning the values that a database driver returns into typed Arrow columns."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

NUMBERS = {bool, int, float, Decimal}
BYTES = {bytes, bytearray, memoryview}
PLAIN = {bool, int, float, Decimal, str, dt.date, dt.datetime, dt.time, list}
MOST_DIGITS = 38
BATCH_ROWS = 65_536


class TableBuilder:
    """Collects rows, piece by piece, into a table.

    Attributes:
        rows: How many there are so far.
        bytes: How much memory they take.
    """

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._pieces: list[list[pa.Array]] = [[] for _ in names]
        self.rows = 0
        self.bytes = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows, each a value a column."""
        for pieces, values in zip(self._pieces, zip(*rows, strict=True), strict=True):
            pieces.append(to_array(values))
            self.bytes += pieces[-1].nbytes
        self.rows += len(rows)

    def table(self) -> pa.Table:
        """Return all rows, each column in one type that holds all its values."""
        import pyarrow as pa

        columns = [_unified(pieces) for pieces in self._pieces]
        return pa.table(columns, names=self._names)


def to_array(values: Sequence[Any]) -> pa.Array:
    """Return one piece of a column, [rows].

    Whole numbers, fractions, decimals, booleans, dates, times, text and bytes keep their types;
    a time span becomes seconds; what Arrow has no plain type for becomes text, as JSON if nested.
    """
    import pyarrow as pa

    types = set(map(type, values)) - {type(None)}
    try:
        if not types:
            return pa.nulls(len(values))
        if types <= BYTES:
            return pa.array([v if v is None else bytes(v) for v in values], pa.binary())
        if types == {dt.timedelta}:
            return pa.array([v if v is None else v.total_seconds() for v in values])
        if len(types) == 1 and types <= PLAIN:
            return _in_utc(pa.array(values))
    except (pa.ArrowException, OverflowError):
        # A whole number beyond 64 bits, a decimal that is not finite, a list of mixed values.
        pass
    if types <= NUMBERS:
        return pa.array([v if v is None else float(v) for v in values], pa.float64())
    return pa.array([v if v is None else _text(v) for v in values], pa.string())


def _in_utc(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_timestamp(array.type) and array.type.tz:
        return array.cast(pa.timestamp("us", "UTC"))
    return array


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode(errors="replace")
    return str(value)


def _unified(pieces: list[pa.Array]) -> pa.ChunkedArray:
    import pyarrow as pa

    kind = _common({piece.type for piece in pieces if not pa.types.is_null(piece.type)})
    return pa.chunked_array([_as(piece, kind) for piece in pieces], kind)


def _common(types: set[pa.DataType]) -> pa.DataType:
    """Return the narrowest type that holds the values of all these."""
    import pyarrow as pa

    if len(types) <= 1:
        return next(iter(types), pa.null())
    if all(pa.types.is_decimal(kind) for kind in types):
        scale = max(kind.scale for kind in types)
        digits = max(kind.precision - kind.scale for kind in types) + scale
        return pa.decimal128(digits, scale) if digits <= MOST_DIGITS else pa.float64()
    if all(_is_number(kind) for kind in types):
        return pa.float64()
    return pa.string()


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(test(kind) for test in tests)


def _as(piece: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if piece.type == kind:
        return piece
    try:
        if pa.types.is_boolean(piece.type) and pa.types.is_floating(kind):
            piece = piece.cast(pa.int64())
        return piece.cast(kind, safe=False)
    except pa.ArrowException:
        return pa.array([v if v is None else _text(v) for v in piece.to_pylist()], kind)


def table_digest(table: pa.Table) -> str:
    """Return a SHA-256 of a table's names, types and values."""
    import pyarrow as pa

    total = hashlib.sha256()
    sink = pa.PythonFile(_Sink(total), mode="w")
    with sink, pa.ipc.new_stream(sink, table.schema) as writer:
        for batch in table.combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
            writer.write_batch(batch)
    return total.hexdigest()


class _Sink:
    """A file that only its checksum is wanted of."""

    closed = False

    def __init__(self, total: Any) -> None:
        self._total = total

    def write(self, data: Any) -> int:
        self._total.update(data)
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
