"""The columns that rows are divided by, as numbers that are the same in every batch."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from mlfw import Column, Kind, Split, UserError
from mlfw.errors import did_you_mean
from mlfw.schema.conform import cast_values
from mlfw.schema.whole import whole
from mlfw_tabular.splitting.words import WORDS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

KEYS = ("group", "time", "column")


def key_columns(split: Split, names: list[str]) -> list[str]:
    """Return the columns that rows are divided by.

    Raises:
        UserError: The source has no such column.
    """
    wanted = {key: name for key in KEYS if (name := getattr(split, key))}
    for key, name in wanted.items():
        if name not in names:
            raise UserError(f"split.{key}: there is no column '{name}'.", did_you_mean(name, names))
    return list(wanted.values())


def group_hashes(values: pa.ChunkedArray, name: str, seed: int) -> np.ndarray:
    """Return a number that is the same for all rows of a group, uint64 [rows].

    Raises:
        UserError: A row has no group.
    """
    import numpy as np
    import pyarrow as pa

    _check_whole(values, name, "group")
    encoded = whole(values)
    if not pa.types.is_dictionary(encoded.type):
        encoded = encoded.dictionary_encode()
    groups = encoded.dictionary.to_pylist()
    hashes = [blake2b(f"{seed}/{group}".encode(), digest_size=8).digest() for group in groups]
    return np.take(np.frombuffer(b"".join(hashes), np.uint64), np.asarray(encoded.indices))


def times_of(values: pa.ChunkedArray, name: str, column: Column | None = None) -> np.ndarray:
    """Return when rows are, float64 [rows]; dates in microseconds.

    Args:
        values: Times as they are in the source.
        name: Their column.
        column: What it holds, where that is known.

    Raises:
        UserError: A row has no time, or the column holds neither dates nor numbers.
    """
    import numpy as np
    import pyarrow as pa

    if column is not None and column.kind in (Kind.datetime, Kind.number):
        typed = cast_values(whole(values), column, place=f"split.time={name}")
        values = pa.chunked_array([typed])
    _check_whole(values, name, "time")
    try:
        stamps = values.cast(pa.timestamp("us")) if pa.types.is_date(values.type) else values
        if pa.types.is_timestamp(stamps.type):
            stamps = stamps.cast(pa.timestamp("us", stamps.type.tz)).cast(pa.int64())
        return np.asarray(stamps.cast(pa.float64(), safe=False))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise UserError(
            f"split.time={name}: expected dates or numbers, found {values.type}.",
            "Choose a column of dates.",
        ) from None


def named_places(values: pa.ChunkedArray, name: str) -> np.ndarray:
    """Return 0, 1 or 2 for rows that say where they belong, int8 [rows].

    Raises:
        UserError: A row says something else.
    """
    import numpy as np

    encoded = values.combine_chunks().cast("string").dictionary_encode()
    words = [str(word).strip().lower() for word in encoded.dictionary.to_pylist()]
    unknown = [word for word in words if word not in WORDS]
    if unknown or encoded.null_count:
        found = f"'{unknown[0]}'" if unknown else "no value"
        raise UserError(
            f"split.column={name}: expected train, validation or test, found {found}.",
            "Correct the column, or leave split.column out.",
        )
    places: np.ndarray = np.asarray([WORDS[word] for word in words], np.int8)
    return np.take(places, np.asarray(encoded.indices))


def _check_whole(values: pa.ChunkedArray, name: str, key: str) -> None:
    if values.null_count:
        raise UserError(
            f"split.{key}={name}: {values.null_count} rows have no {key}.",
            "Fill the column, or take these rows out.",
        )
