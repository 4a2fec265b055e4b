"""The kind of a column of text, by its different values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.schema.cast import FALSE_WORDS, TRUE_WORDS, read_or_none
from mlfw_tabular.infer.codes import may_be_number
from mlfw_tabular.infer.dates import find_stamp, find_template
from mlfw_tabular.infer.durations import find_duration
from mlfw_tabular.infer.inferred import HEAD, Inferred
from mlfw_tabular.infer.numerals import (
    Found,
    Notes,
    find_picture,
    find_units,
    has_written_codes,
    may_be_written_number,
)

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS = {"0", "1", "0.0", "1.0"}
MOST_BOOLEAN_WORDS = 100
MOST_MEASURED = 10_000
LEAST_WORDS_OF_TEXT = 3


def infer_words(name: str, distinct: pa.Array, rows: int) -> tuple[Inferred, pa.Array | None]:
    """Return what a column of text holds.

    Args:
        name: The column's name.
        distinct: Its different values, trimmed, none missing, in the order they first occur.
        rows: How many rows have a value.

    Returns:
        What it holds, and the different values read by that, or None for words.
    """
    if not len(distinct):
        return Inferred(Kind.category), None
    found = _booleans(distinct) or find_stamp(name, distinct)
    if found:
        return found
    found, notes = _numbers(name, distinct)
    found = found or _iso(distinct) or find_template(name, distinct)
    found = found or find_duration(name, distinct)
    if not (found or notes or has_written_codes(distinct[:HEAD])):
        found, notes = find_units(name, distinct)
    return found or (Inferred(_kind_of_words(distinct, rows), notes=notes), None)


def every(distinct: pa.Array, kind: Kind, written: str = "") -> pa.Array | None:
    """Read all values, or return None where one does not fit; the first ones may rule it out."""
    if len(distinct) > HEAD and read_or_none(distinct[:HEAD], kind, written) is None:
        return None
    return read_or_none(distinct, kind, written)


def _booleans(distinct: pa.Array) -> Found | None:
    import pyarrow.compute as pc

    known = {*TRUE_WORDS, *FALSE_WORDS}
    if len(distinct) > MOST_BOOLEAN_WORDS or distinct[0].as_py().lower() not in known:
        return None
    words = set(pc.utf8_lower(distinct).to_pylist())
    if not words <= known:
        return None
    one_sided = words <= {*TRUE_WORDS} or words <= {*FALSE_WORDS}
    if one_sided and words <= DIGITS:
        return None
    return Inferred(Kind.boolean), read_or_none(distinct, Kind.boolean)


def _numbers(name: str, distinct: pa.Array) -> tuple[Found | None, Notes]:
    """Return numbers, plain or by a picture, or None; and in that case what is to be told."""
    first = distinct[0].as_py()
    plain = may_be_number(first)
    if not (plain or may_be_written_number(first)) or has_written_codes(distinct):
        return None, ()
    numbers = every(distinct, Kind.number) if plain else None
    if numbers is not None:
        return (Inferred(Kind.number), numbers), ()
    return find_picture(name, distinct)


def _iso(distinct: pa.Array) -> Found | None:
    first = distinct[0].as_py()
    if not first[:4].isdigit() or first[4:5] != "-":
        return None
    moments = every(distinct, Kind.datetime)
    return None if moments is None else (Inferred(Kind.datetime), moments)


def _kind_of_words(distinct: pa.Array, rows: int) -> Kind:
    """Tell text from categories; of many different values, evenly spread ones are measured."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(distinct) <= rows / 2:
        return Kind.category
    if len(distinct) > MOST_MEASURED:
        spread = np.linspace(0, len(distinct) - 1, MOST_MEASURED).astype(np.int64)
        distinct = distinct.take(pa.array(spread))
    words = pc.mean(pc.list_value_length(pc.utf8_split_whitespace(distinct))).as_py()
    return Kind.text if words >= LEAST_WORDS_OF_TEXT else Kind.category
