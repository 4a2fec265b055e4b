"""Columns as numbers and codes, samples of rows, and counts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SAMPLE = 50_000


def floats(values: pa.Array) -> np.ndarray:
    """Return numbers, booleans or dates as float64 [rows], NaN where one is missing."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_temporal(values.type):
        values = values.cast(pa.int64())
    if not pa.types.is_float64(values.type):
        values = values.cast(pa.float64(), safe=False)
    return np.asarray(values.to_numpy(zero_copy_only=False))


def plain(values: pa.Array) -> pa.Array:
    """Return a column that may be encoded by a dictionary without one."""
    import pyarrow as pa

    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def codes(values: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Return each value's number, int64 [rows], -1 where missing, and the values, [numbers]."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    indices = pc.fill_null(encoded.indices.cast(pa.int64()), -1)
    return np.asarray(indices), encoded.dictionary


def made_missing(values: pa.Array, rows: np.ndarray) -> pa.Array:
    """Return the column with null where a row is marked, bool [rows]."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = plain(values)
    return pc.if_else(pa.array(rows), pa.scalar(None, values.type), values)


def sample(rows: int, seed: int, most: int = SAMPLE) -> np.ndarray | None:
    """Return which rows to look at, ascending int64; None for all where there are few enough."""
    import numpy as np

    if rows <= most:
        return None
    chosen = np.random.default_rng(seed).choice(rows, most, replace=False, shuffle=False)
    return np.sort(chosen)


def taken(values: pa.Array, rows: np.ndarray | None) -> pa.Array:
    """Return the rows that `sample` has chosen."""
    import pyarrow as pa

    return values if rows is None else values.take(pa.array(rows))


def sampled(rows: int, most: int = SAMPLE) -> str:
    """Return the words that tell that only a sample was looked at."""
    return f" (in a sample of {most:,} rows)" if rows > most else ""


def counted(count: int, thing: str, many: str = "") -> str:
    """Return a count in words: `1 row`, `2,000 rows`."""
    return f"{count:,} {thing if count == 1 else many or thing + 's'}"


def shortened(word: str, most: int = 24) -> str:
    """Return a value for a message."""
    return word if len(word) <= most else f"{word[: most - 1]}…"
