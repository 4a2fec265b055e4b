"""Strings as they come: trimmed, with the words for a missing value as nulls, each word once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

MISSING_WORDS = ("", "NA", "N/A", "n/a", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")


def is_string(kind: pa.DataType) -> bool:
    """Whether a type holds text."""
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a type holds bytes."""
    import pyarrow as pa

    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_binary_view(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


@lru_cache(maxsize=256)
def missing_numbers(missing: tuple[str, ...]) -> tuple[float, ...]:
    """Return the numbers among the words for a missing value, such as -999."""
    found = []
    for word in missing:
        try:
            found.append(float(word))
        except ValueError:
            continue
    return tuple(number for number in found if number == number)


def without_missing_words(values: pa.Array, missing: Sequence[str] = MISSING_WORDS) -> pa.Array:
    """Return strings trimmed, with the words for a missing value as nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.is_in(trimmed, pa.array(missing, pa.string()))
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def encoded(values: pa.Array, missing: Sequence[str] = MISSING_WORDS) -> pa.DictionaryArray:
    """Return strings as a dictionary of different, trimmed ones, missing words as nulls.

    Args:
        values: Strings, [rows].
        missing: The words that mean a missing value.

    Returns:
        dictionary<int32, string> [rows]; the dictionary holds no null, each of its values occurs,
        and they stand in the order in which they first occur.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    raw = values.dictionary_encode()
    words = without_missing_words(raw.dictionary, missing)
    if not words.null_count and words.equals(raw.dictionary):
        return raw
    distinct = words.drop_null().unique()
    place = pc.index_in(words, distinct, skip_nulls=True)
    return pa.DictionaryArray.from_arrays(place.take(raw.indices), distinct)
