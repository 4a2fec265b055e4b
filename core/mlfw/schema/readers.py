"""How each kind of column is read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from mlfw.schema.dates import has_date, read_dates, read_iso_dates, time_of_day
from mlfw.schema.durations import is_duration, read_durations, seconds
from mlfw.schema.kinds import Kind
from mlfw.schema.numerals import picture
from mlfw.schema.words import (
    encoded,
    is_bytes,
    is_string,
    missing_numbers,
    without_missing_words,
)

if TYPE_CHECKING:
    import pyarrow as pa

TRUE_WORDS = ("true", "yes", "y", "t", "1", "1.0", "on")
FALSE_WORDS = ("false", "no", "n", "f", "0", "0.0", "off")

Words = tuple[str, ...]
# Arrow's cast of many values that do not fit is slow; these few tell first.
HEAD = 1000


class MisfitError(ValueError):
    """Some value does not fit."""


def plain_type(values: pa.Array) -> pa.Array:
    """Return strings and bytes of any Arrow type as strings; other values as they are.

    Bytes become the text that they are in UTF-8, and hexadecimal digits where they are none.
    """
    import pyarrow as pa

    if is_string(values.type):
        return values.cast(pa.string())
    if not is_bytes(values.type):
        return values
    values = values.cast(pa.binary())
    with suppress(pa.ArrowInvalid):
        return values.cast(pa.string())
    distinct = values.dictionary_encode()
    texts = pa.array([_as_text(value) for value in distinct.dictionary.to_pylist()], pa.string())
    return texts.take(distinct.indices)


def _as_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def storage_type(kind: Kind) -> pa.DataType:
    """Return the Arrow type in which a kind is stored."""
    import pyarrow as pa

    return {
        Kind.number: pa.float64(),
        Kind.category: pa.dictionary(pa.int32(), pa.string()),
        Kind.boolean: pa.bool_(),
        Kind.datetime: pa.timestamp("us"),
        Kind.text: pa.string(),
        Kind.image: pa.binary(),
        Kind.labels: pa.list_(pa.string()),
    }[kind]


def read(values: pa.Array, kind: Kind, written: str, missing: Words) -> pa.Array:
    """Return a column in its kind's storage type; see `mlfw.schema.cast.cast`.

    Raises:
        MisfitError: A value does not fit.
        pa.ArrowInvalid: The same, found by Arrow.
        pa.ArrowNotImplementedError: The type of the values does not fit.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), storage_type(kind))
    if pa.types.is_floating(values.type):
        values = _without_nan(
            values.cast(pa.float32()) if pa.types.is_float16(values.type) else values
        )
    if kind is not Kind.image:
        values = plain_type(values)
    readers: dict[Kind, Callable[[pa.Array, str, Words], pa.Array]] = {
        Kind.number: _number,
        Kind.boolean: _boolean,
        Kind.datetime: _datetime,
        Kind.category: _category,
        Kind.text: _text,
        Kind.image: _image,
        Kind.labels: _labels,
    }
    return readers[kind](values, written, missing)


def _number(values: pa.Array, written: str, missing: Words) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = _with_sentinels(values, written, missing)
    sentinels = pa.array(missing_numbers(missing), pa.float64())
    if not len(sentinels):
        return numbers
    return pc.if_else(pc.is_in(numbers, sentinels), pa.scalar(None, pa.float64()), numbers)


def _with_sentinels(values: pa.Array, written: str, missing: Words) -> pa.Array:
    """Read numbers, those that mean a missing value included."""
    import pyarrow as pa

    if is_string(values.type):
        if not written:
            return _plain_number(values, missing)
        return _over_words(values, lambda words: _written_number(words, written), missing)
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if pa.types.is_duration(values.type):
        return seconds(values)
    if pa.types.is_temporal(values.type):
        return _only_missing(values, Kind.number)
    # A whole number beyond 2 ** 53 is rounded, as it is where it stands as text.
    return values.cast(pa.float64(), safe=not pa.types.is_integer(values.type))


def _written_number(words: pa.Array, written: str) -> pa.Array:
    if is_duration(written):
        return read_durations(words, written)
    return picture(written).read(words)


def _plain_number(values: pa.Array, missing: Words) -> pa.Array:
    """Read strings at once; only where that fails, look for blanks and missing words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = None if _cast_or_none(values[:HEAD]) is None else _cast_or_none(values)
    if numbers is None:
        none = pc.is_in(values, pa.array(missing, pa.string()))
        numbers = _cast_or_none(pc.if_else(none, pa.scalar(None, pa.string()), values))
    if numbers is None:
        numbers = without_missing_words(values, missing).cast(pa.float64())
    return _without_nan(numbers)


def _without_nan(numbers: pa.Array) -> pa.Array:
    """Return numbers with null for NaN; themselves where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    nan = pc.is_nan(numbers)
    return pc.if_else(nan, pa.scalar(None, numbers.type), numbers) if _any(nan) else numbers


def _cast_or_none(values: pa.Array) -> pa.Array | None:
    import pyarrow as pa

    try:
        return values.cast(pa.float64())
    except pa.ArrowInvalid:
        return None


def _boolean(values: pa.Array, written: str, missing: Words) -> pa.Array:  # noqa: ARG001
    import pyarrow as pa

    if pa.types.is_boolean(values.type):
        return values
    return _over_words(_strings(values), _boolean_words, missing)


def _boolean_words(words: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    lowered = pc.utf8_lower(words)
    true = pc.is_in(lowered, pa.array(TRUE_WORDS))
    _require(pc.or_(true, pc.is_in(lowered, pa.array(FALSE_WORDS))))
    return true


def _datetime(values: pa.Array, written: str, missing: Words) -> pa.Array:
    moments = _moments(values, written, missing)
    return moments if not written or has_date(written) else time_of_day(moments)


def _moments(values: pa.Array, written: str, missing: Words) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_time(values.type):
        return values.cast(pa.time64("us"), safe=False).cast(pa.int64()).cast(pa.timestamp("us"))
    if pa.types.is_duration(values.type):
        return _only_missing(values, Kind.datetime)
    if pa.types.is_temporal(values.type):
        if pa.types.is_timestamp(values.type) and values.type.tz:
            values = pc.local_timestamp(values.cast(pa.timestamp("us", "UTC")))
        return values.cast(pa.timestamp("us"), safe=False)
    if written and pa.types.is_floating(values.type):
        # A data frame holds whole numbers such as 20240131 so where some are missing.
        values = values.cast(pa.int64())
    if written and pa.types.is_integer(values.type):
        values = values.cast(pa.string())
    if not is_string(values.type):
        return _only_missing(values, Kind.datetime)
    if written:
        return _over_words(values, lambda words: _dates(words, written), missing)
    return _iso_dates(values, missing)


def _iso_dates(values: pa.Array, missing: Words) -> pa.Array:
    """Read ISO dates by Arrow, which is fast and strict, and what it does not take by parts."""
    import pyarrow as pa

    with suppress(pa.ArrowInvalid):
        return values.cast(pa.timestamp("us"))
    cleaned = without_missing_words(values, missing)
    for read_all in (_naive, _zoned):
        with suppress(pa.ArrowInvalid):
            return read_all(cleaned)
    return _over_words(values, lambda words: _complete(read_iso_dates(words)), missing)


def _naive(values: pa.Array) -> pa.Array:
    import pyarrow as pa

    return values.cast(pa.timestamp("us"))


def _zoned(values: pa.Array) -> pa.Array:
    """Read dates of which some have a zone; the others are taken as UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    zoned = pc.match_substring_regex(values, r"\d(Z|[+-]\d\d:?\d\d)$")
    aware = pc.if_else(zoned, values, pc.binary_join_element_wise(values, "Z", ""))
    return pc.local_timestamp(aware.cast(pa.timestamp("us", "UTC")))


def _dates(words: pa.Array, template: str) -> pa.Array:
    """Read dates by a template, and those that do not follow it as ISO dates."""
    import pyarrow.compute as pc

    moments = read_dates(words, template)
    if not moments.null_count:
        return moments
    return _complete(pc.coalesce(moments, read_iso_dates(words)))


def _category(values: pa.Array, written: str, missing: Words) -> pa.Array:  # noqa: ARG001
    import pyarrow as pa

    if is_string(values.type):
        return encoded(values, missing)
    if pa.types.is_nested(values.type):
        return _only_missing(values, Kind.category)
    if missing_numbers(missing):
        return encoded(values.cast(pa.string()), missing)
    distinct = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(distinct.indices, distinct.dictionary.cast(pa.string()))


def _text(values: pa.Array, written: str, missing: Words) -> pa.Array:  # noqa: ARG001
    return without_missing_words(_strings(values), missing)


def _strings(values: pa.Array) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_nested(values.type):
        return _only_missing(values, Kind.text)
    return values.cast(pa.string())


def _image(values: pa.Array, written: str, missing: Words) -> pa.Array:  # noqa: ARG001
    import pyarrow as pa

    if not is_bytes(values.type):
        if is_string(values.type):
            values = without_missing_words(values, missing)
        return _only_missing(values, Kind.image)
    return values.cast(pa.binary())


def _labels(values: pa.Array, delimiter: str, missing: Words) -> pa.Array:
    """Split text at the delimiter, blanks around labels dropped; an empty text is no label.

    That is an answer, not a missing value; words such as NA are a missing value.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return values.cast(pa.list_(pa.string()))
    if not is_string(values.type):
        return _only_missing(values, Kind.labels)
    empty = pc.equal(pc.utf8_trim_whitespace(values), "")
    words = pc.if_else(empty, "", without_missing_words(values, missing))
    # No text holds what no text is split at: a value without a delimiter is one label.
    pieces = pc.split_pattern(words, delimiter or "\0")
    labels = pc.utf8_trim_whitespace(pieces.flatten())
    told = pc.not_equal(labels, "")
    return _lists(labels.filter(told), pc.list_parent_indices(pieces).filter(told), words)


def _lists(labels: pa.Array, rows: pa.Array, like: pa.Array) -> pa.Array:
    """Return lists of labels, each of which stands in one of the rows, ascending."""
    import numpy as np
    import pyarrow as pa

    counts = np.bincount(np.asarray(rows), minlength=len(like))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), labels, mask=like.is_null())


def _over_words(values: pa.Array, read: Callable[[pa.Array], pa.Array], missing: Words) -> pa.Array:
    """Read each different string once."""
    words = encoded(values, missing)
    return read(words.dictionary).take(words.indices)


def _only_missing(values: pa.Array, kind: Kind) -> pa.Array:
    """Return a column without values where there are none, of whatever type it was."""
    import pyarrow as pa

    if values.null_count < len(values):
        raise MisfitError
    return pa.nulls(len(values), storage_type(kind))


def _complete(values: pa.Array) -> pa.Array:
    if values.null_count:
        raise MisfitError
    return values


def _require(fits: pa.Array) -> None:
    import pyarrow.compute as pc

    if not pc.all(fits, min_count=0).as_py():
        raise MisfitError


def _any(mask: pa.Array) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(mask).as_py())
