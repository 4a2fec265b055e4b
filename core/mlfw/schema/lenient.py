"""Reading the values of a column that fit its kind, and telling which do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw.schema.cast import read_or_none
from mlfw.schema.dates import read_dates, read_iso_dates
from mlfw.schema.durations import duration_pattern, is_duration
from mlfw.schema.kinds import Kind
from mlfw.schema.numerals import picture
from mlfw.schema.readers import FALSE_WORDS, TRUE_WORDS, storage_type
from mlfw.schema.words import MISSING_WORDS, is_string, without_missing_words

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# So many different values are read in halves; of more, what can be told at once is.
FEW = 5000
SAMPLE = 100
PLAIN_NUMBER = r"(?i)^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?(inf|infinity|nan)$"


def read_fitting(
    values: pa.Array, kind: Kind, written: str = "", missing: tuple[str, ...] = MISSING_WORDS
) -> tuple[pa.Array, np.ndarray | None]:
    """Return a column in its kind's storage type, null where a value does not fit.

    Args:
        values: A column, [rows].
        kind: What it is to hold.
        written: How a value is written as text; see `mlfw.schema.formats`.
        missing: The words that mean a missing value.

    Returns:
        The column, and which of its values do not fit, bool [rows], or None where all do.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    typed = read_or_none(values, kind, written, missing)
    if typed is not None:
        return typed, None
    present = np.asarray(pc.is_valid(values))
    distinct = _distinct(values)
    if distinct is None:
        return pa.nulls(len(values), storage_type(kind)), present
    fits = _fits(distinct.dictionary, kind, written, missing)
    nothing = pa.scalar(None, distinct.dictionary.type)
    kept = pc.if_else(pa.array(fits), distinct.dictionary, nothing)
    typed = read_or_none(kept, kind, written, missing)
    if typed is None:
        return pa.nulls(len(values), storage_type(kind)), present
    misfit = np.append(~fits, False)  # the last one is for nulls
    places = np.asarray(pc.fill_null(distinct.indices, len(fits)))
    return typed.take(distinct.indices), misfit[places]


def _distinct(values: pa.Array) -> pa.DictionaryArray | None:
    """Return a column with each different value once; None of a type that cannot be so."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        return (
            values.cast(pa.string()).dictionary_encode()
            if is_string(values.type)
            else values.dictionary_encode()
        )
    except pa.ArrowException:
        return None


def _fits(distinct: pa.Array, kind: Kind, written: str, missing: tuple[str, ...]) -> np.ndarray:
    """Return which different values fit, bool [values]."""
    import numpy as np

    fits = np.zeros(len(distinct), bool)
    places = np.arange(len(distinct))
    if len(distinct) > FEW:
        places = np.flatnonzero(_plausible(distinct, kind, written, missing))
        distinct = distinct.take(places)
    parts = [(0, len(distinct))]
    while parts:
        start, end = parts.pop()
        if read_or_none(distinct[start:end], kind, written, missing) is not None:
            fits[places[start:end]] = True
        elif end - start > 1:
            middle = (start + end) // 2
            parts += [(start, middle), (middle, end)]
    return fits


def _plausible(
    distinct: pa.Array, kind: Kind, written: str, missing: tuple[str, ...]
) -> np.ndarray:
    """Return which of many different values may fit, bool [values], by one look at all of them."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_string(distinct.type) and kind is not Kind.boolean:
        # Whether these fit is a matter of their type.
        some = range(0, len(distinct), max(len(distinct) // SAMPLE, 1))
        fit = any(
            read_or_none(distinct[row : row + 1], kind, written, missing) is not None
            for row in some
        )
        return np.full(len(distinct), fit)
    words = without_missing_words(distinct.cast(pa.string()), missing)
    if kind is Kind.number:
        may = pc.match_substring_regex(words, PLAIN_NUMBER)
        may = pc.or_(may, _written_number(words, written)) if written else may
    elif kind is Kind.boolean:
        may = pc.is_in(pc.utf8_lower(words), pa.array([*TRUE_WORDS, *FALSE_WORDS]))
    elif kind is Kind.datetime:
        may = pc.is_valid(read_iso_dates(words))
        may = pc.or_(may, pc.is_valid(read_dates(words, written))) if written else may
    elif kind is Kind.image:
        may = pc.is_null(words)
    else:
        return np.ones(len(words), bool)
    return np.asarray(pc.or_kleene(pc.is_null(words), may).fill_null(True))


def _written_number(words: pa.Array, written: str) -> pa.Array:
    import pyarrow.compute as pc

    if is_duration(written):
        return pc.match_substring_regex(words, duration_pattern(written))
    return picture(written).fits(words)
