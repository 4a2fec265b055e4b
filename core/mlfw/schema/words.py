"""Strings as they come: trimmed, with the usual words for a missing value, each word once."""

from __future__ import annotations

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


def without_missing_words(values: pa.Array) -> pa.Array:
    """Return strings trimmed, with the usual words for a missing value as nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.is_in(trimmed, pa.array(MISSING_WORDS))
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def encoded(values: pa.Array) -> pa.DictionaryArray:
    """Return strings as a dictionary of different, trimmed ones, missing words as nulls.

    Args:
        values: Strings, [rows].

    Returns:
        dictionary<int32, string> [rows]; the dictionary holds no null, each of its values occurs,
        and they stand in the order in which they first occur.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    raw = values.dictionary_encode()
    words = without_missing_words(raw.dictionary)
    if not words.null_count and words.equals(raw.dictionary):
        return raw
    distinct = words.drop_null().unique()
    place = pc.index_in(words, distinct, skip_nulls=True)
    return pa.DictionaryArray.from_arrays(place.take(raw.indices), distinct)
