"""Turning a column of any Arrow type into the type that its kind is stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw.schema.kinds import Kind

if TYPE_CHECKING:
    import pyarrow as pa

MISSING_WORDS = ("", "NA", "N/A", "n/a", "<NA>", "NaN", "nan", "NULL", "null", "None", "?")
TRUE_WORDS = ("true", "yes", "y", "t", "1", "1.0", "on")
FALSE_WORDS = ("false", "no", "n", "f", "0", "0.0", "off")


class CastError(ValueError):
    """A value does not fit its column's kind.

    Attributes:
        row: The row's index from 0.
        value: What stands there.
    """

    def __init__(self, row: int, value: object) -> None:
        super().__init__(f"row {row}: {value!r}")
        self.row = row
        self.value = value


def storage_type(kind: Kind) -> pa.DataType:
    """Return the Arrow type in which a kind is stored."""
    import pyarrow as pa

    return {
        Kind.number: pa.float64(),
        Kind.category: pa.string(),
        Kind.boolean: pa.bool_(),
        Kind.datetime: pa.timestamp("us"),
        Kind.text: pa.string(),
        Kind.image: pa.binary(),
        Kind.labels: pa.list_(pa.string()),
    }[kind]


def cast(values: pa.Array, kind: Kind, written: str = "") -> pa.Array:
    """Return the column in its kind's storage type.

    Numbers become float64, booleans bool, dates microseconds without a zone (UTC), categories
    and text strings, images the bytes of their files, labels lists of strings. In strings,
    surrounding blanks are dropped and the usual words for a missing value ('', NA, NaN, null, ?,
    ...) become nulls. A NaN is a missing value.

    Args:
        values: A column, [rows].
        kind: What it is to hold.
        written: How a value is written as text, where that is not the kind's usual way.

    Raises:
        CastError: A value does not fit; carries its row and the value.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), storage_type(kind))
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    if kind is Kind.image:
        return _image(values)
    if _is_string(values.type):
        values = without_missing_words(values.cast(pa.string()))
    if kind is Kind.labels:
        return _labels(values, written)
    casts = {
        Kind.number: _number,
        Kind.boolean: _boolean,
        Kind.datetime: _datetime,
        Kind.category: _string,
        Kind.text: _string,
    }
    return casts[kind](values)


def without_missing_words(values: pa.Array) -> pa.Array:
    """Return strings trimmed, with the usual words for a missing value as nulls."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.utf8_trim_whitespace(values)
    missing = pc.is_in(trimmed, pa.array(MISSING_WORDS))
    return pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)


def _number(values: pa.Array) -> pa.Array:
    import pyarrow as pa

    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if pa.types.is_temporal(values.type):
        raise _first_misfit(values, values.is_null())
    return _cast_or_name_row(values, pa.float64())


def _boolean(values: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_boolean(values.type):
        return values
    words = pc.utf8_lower(_string(values))
    true = pc.is_in(words, pa.array(TRUE_WORDS))
    false = pc.is_in(words, pa.array(FALSE_WORDS))
    known = pc.or_(pc.or_(true, false), pc.is_null(words))
    if not pc.all(known).as_py():
        raise _first_misfit(values, known)
    return pc.if_else(pc.is_null(words), pa.scalar(None, pa.bool_()), true)


def _datetime(values: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_temporal(values.type) and not pa.types.is_time(values.type):
        if pa.types.is_timestamp(values.type) and values.type.tz:
            values = pc.local_timestamp(values.cast(pa.timestamp("us", "UTC")))
        return values.cast(pa.timestamp("us"), safe=False)
    if not _is_string(values.type):
        raise _first_misfit(values, values.is_null())
    zoned = pc.match_substring_regex(values, r"\d(Z|[+-]\d\d:?\d\d)$")
    if pc.any(zoned).as_py():
        aware = pc.if_else(zoned, values, pc.binary_join_element_wise(values, "Z", ""))
        utc = _cast_or_name_row(aware, pa.timestamp("us", "UTC"))
        return pc.local_timestamp(utc)
    return _cast_or_name_row(values, pa.timestamp("us"))


def _string(values: pa.Array) -> pa.Array:
    import pyarrow as pa

    if _is_string(values.type):
        return values.cast(pa.string())
    if pa.types.is_nested(values.type) or pa.types.is_binary(values.type):
        raise _first_misfit(values, values.is_null())
    return values.cast(pa.string())


def _image(values: pa.Array) -> pa.Array:
    import pyarrow as pa

    if not (pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)):
        raise _first_misfit(values, values.is_null())
    return values.cast(pa.binary())


def _labels(values: pa.Array, delimiter: str) -> pa.Array:
    """Split text at the delimiter, blanks around labels dropped; nothing is no label."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return values.cast(pa.list_(pa.string()))
    if not _is_string(values.type):
        raise _first_misfit(values, values.is_null())
    if not delimiter:
        return pa.array(
            [None if v is None else [v] for v in values.to_pylist()], storage_type(Kind.labels)
        )
    pieces = pc.split_pattern(values, delimiter)
    trimmed = pc.utf8_trim_whitespace(pieces.flatten())
    offsets = pieces.offsets
    return pa.ListArray.from_arrays(offsets, trimmed, mask=pieces.is_null())


def _is_string(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _cast_or_name_row(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cast a whole column at once, and look for the culprit only where that fails."""
    import pyarrow as pa

    try:
        return values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        for row, value in enumerate(values):
            try:
                pa.array([value.as_py()], values.type).cast(kind)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                raise CastError(row, value.as_py()) from None
        raise


def _first_misfit(values: pa.Array, fits: pa.Array) -> CastError:
    row = fits.to_pylist().index(False) if False in fits.to_pylist() else 0
    return CastError(row, values[row].as_py())
