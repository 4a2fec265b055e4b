"""Which rows are the same in every column, found by hashes of whole columns at a time."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from mlfw_tabular.checks.values import codes, sample, taken

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FEW = 10_000
COLUMNS_AT_ONCE = 4
ROWS_PER_COMBINATION = 10


def groups(columns: Sequence[pa.Array | pa.ChunkedArray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that are not alone, and which of them are the same.

    Numbers are compared first, a few columns at a time, so that only rows that are the same so
    far need to be looked at in the others.

    Args:
        columns: Columns of the same length, [rows] each.

    Returns:
        Row numbers, ascending int64 [found], and hashes, uint64 [found]: two rows with the same
        hash are the same. A hash has 64 bits; among a million rows the chance that two different
        ones share one is 1 in 30 million.
    """
    import numpy as np

    count = len(columns[0])
    rows = np.arange(count)
    hashes = np.zeros(count, np.uint64)
    cheap_first = sorted(columns, key=lambda values: not _is_fixed(values))
    for start in range(0, len(columns), COLUMNS_AT_ONCE):
        for values in cheap_first[start : start + COLUMNS_AT_ONCE]:
            hashes = _mixed(hashes, _bits(_whole(values, rows if len(rows) < count else None)))
        left = _repeated(hashes)
        rows, hashes = rows[left], hashes[left]
        if not len(rows):
            break
    return rows, hashes


def lasting_hashes(columns: Sequence[pa.Array]) -> np.ndarray:
    """Return hashes of rows that are the same for the same rows in every table, uint64 [rows].

    Args:
        columns: Columns of the same length, [rows] each.
    """
    import numpy as np

    hashes = np.zeros(len(columns[0]), np.uint64)
    for values in columns:
        hashes = _mixed(hashes, _bits(values) if _is_plain(values) else _word_bits(values))
    return hashes


def by_chance(columns: Sequence[pa.Array | pa.ChunkedArray], rows: int) -> bool:
    """Tell whether the columns hold so few combinations of values that rows have to be the same."""
    combinations = 1
    for values in columns:
        some = _whole(values, sample(len(values), 0, FEW))
        distinct = _distinct(some)
        combinations *= max(distinct, 1)
        if distinct > len(some) / 2 or combinations >= rows * ROWS_PER_COMBINATION:
            return False
    return True


def _whole(values: pa.Array | pa.ChunkedArray, rows: np.ndarray | None) -> pa.Array:
    """Return rows of a column that may lie in pieces."""
    import pyarrow as pa

    one = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return taken(one, rows)


def _is_fixed(values: pa.Array | pa.ChunkedArray) -> bool:
    import pyarrow as pa

    kind = values.type
    return bool(pa.types.is_primitive(kind) or pa.types.is_dictionary(kind))


def _bits(values: pa.Array) -> np.ndarray:
    """Return a number that stands for each value, uint64 [rows]."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_floating(kind):
        numbers = np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False)) + 0.0
        return numbers.view(np.uint64)  # the sum has made a copy, and 0 of -0
    if pa.types.is_boolean(kind):
        return np.asarray(pc.fill_null(values.cast(pa.int8()), -1)).astype(np.int64).view(np.uint64)
    if pa.types.is_primitive(kind):
        filled = pc.fill_null(values.cast(pa.int64()), np.iinfo(np.int64).min)
        return np.array(filled).view(np.uint64)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return np.fromiter(map(_digest, values), np.uint64, len(values))
    return codes(_joined(values))[0].view(np.uint64)


def _digest(value: pa.Scalar) -> int:
    """Return a number that stands for a file's content, without copying it."""
    content = value.as_buffer()
    if content is None:
        return 0
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "little")


def _joined(values: pa.Array) -> pa.Array:
    """Return labels as one word a row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nested = pa.types.is_list(values.type) or pa.types.is_large_list(values.type)
    return pc.binary_join(values, "\x1f") if nested else values


def _is_plain(values: pa.Array) -> bool:
    import pyarrow as pa

    kind = values.type
    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return bool(pa.types.is_primitive(kind) or binary)


def _word_bits(values: pa.Array) -> np.ndarray:
    """Return a number for each row that stands for the word itself, uint64 [rows]."""
    import numpy as np

    numbers, words = codes(_joined(values))
    digests = [blake2b(str(word).encode(), digest_size=8).digest() for word in words.to_pylist()]
    return np.take(np.frombuffer(b"".join([bytes(8), *digests]), np.uint64), numbers + 1)


def _mixed(hashes: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Mix a column into the hashes, as SplitMix64 does (Steele, Lea and Flood, 2014)."""
    import numpy as np

    mixed = bits ^ (hashes * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0xD1B54A32D192ED03))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    result: np.ndarray = mixed ^ (mixed >> np.uint64(31))
    return result


def _repeated(hashes: np.ndarray) -> np.ndarray:
    """Return which hashes stand there more than once, bool [rows]."""
    import numpy as np

    ordered = np.sort(hashes)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return np.zeros(len(hashes), bool)
    place = np.minimum(np.searchsorted(twice, hashes), len(twice) - 1)
    found: np.ndarray = twice[place] == hashes
    return found


def _distinct(values: pa.Array) -> int:
    import pyarrow as pa

    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        return len(values)
    return len(_joined(values).unique())
