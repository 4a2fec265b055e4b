"""The kind of a column by the rules of the package, and its values read by it at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.hints import override
from mlfw.schema.cast import cast, read_or_none
from mlfw.schema.durations import is_duration
from mlfw.schema.number_spelling import DECIMAL, number_keys
from mlfw.schema.numerals import picture
from mlfw.schema.words import MISSING_WORDS, encoded, is_bytes, is_string
from mlfw_tabular.infer.codes import are_decimals, has_codes, may_be_number
from mlfw_tabular.infer.dates import date_in_name
from mlfw_tabular.infer.inferred import HEAD, Inferred, Note
from mlfw_tabular.infer.marks import (
    find_marks,
    is_sign,
    rows_with,
    without_digits,
    without_marks,
    without_words,
)
from mlfw_tabular.infer.numerals import may_be_thousands
from mlfw_tabular.infer.words import infer_words

if TYPE_CHECKING:
    import pyarrow as pa

FIRST = 5
SHOWN = 3
PLURALS = {Kind.number: "numbers", Kind.datetime: "dates or times", Kind.boolean: "yes or no"}
THOUSANDS = "#.###,#"
TIME_OF_DAY = "%H:%M:%S"
EXACT = 2.0**53
WHOLE = r"^[+-]?[0-9]+$"
# How files of images begin; WebP has its length between two words.
IMAGES = (
    *(
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"BM",
        b"II*\0",
        b"MM\0*",
        b"\0\0\1\0",
        b"P4",
        b"P5",
        b"P6",
    ),
)


def infer_column(name: str, values: pa.Array, missing: tuple[str, ...] = MISSING_WORDS) -> Inferred:
    """Return what a column holds, by the rules of this package.

    Args:
        name: The column's name; it says where eight digits are a date.
        values: Its values as they are in the source, [rows].
        missing: The words that mean a missing value.
    """
    return read_column(name, values, missing)[0]


def read_column(
    name: str, values: pa.Array, missing: tuple[str, ...] = MISSING_WORDS
) -> tuple[Inferred, pa.Array]:
    """Return what a column holds, and its values in that kind's storage type.

    Raises:
        CastError: It is of a type that no kind has.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        if values.type.equals(pa.dictionary(pa.int32(), pa.string())) and not values.null_count:
            return _read_words(name, encoded(values, missing), missing)
        values = values.dictionary_decode()
    if not is_string(values.type):
        return _read_typed(name, values, missing)
    values = values.cast(pa.string())
    numbers = _all_numbers(values, missing)
    if numbers is not None and not (
        date_in_name(name)
        or zero_and_one(numbers)
        or (not are_decimals(values[:HEAD], missing) and has_codes(values))
    ):
        if merges_integers(values, numbers):
            return _exactly(name), encoded(values, missing)
        other = THOUSANDS if may_be_thousands(values[:HEAD], missing) else ""
        return Inferred(Kind.number, other=other), numbers
    return _read_words(name, encoded(values, missing), missing)


def _read_words(
    name: str, words: pa.DictionaryArray, missing: tuple[str, ...]
) -> tuple[Inferred, pa.Array]:
    inferred, typed = infer_words(name, words.dictionary, len(words) - words.null_count)
    if inferred.kind in (Kind.category, Kind.text) and (marks := _likely_marks(name, words)):
        left = without_marks(words, marks)
        found, values = infer_words(name, left.dictionary, len(left) - left.null_count)
        if values is not None and _means_missing(marks, found.kind):
            notes = (marks_note(name, found.kind, words, marks), *found.notes)
            inferred = replace(found, notes=notes, missing=(*missing[1:], *marks))
            words, typed = left, values
    if typed is None:
        return inferred, words if inferred.kind is Kind.category else words.dictionary_decode()
    if inferred.kind is Kind.number and merges_integers(words.dictionary, typed, inferred.format):
        return _exactly(name), words
    return inferred, typed.take(words.indices)


def _likely_marks(name: str, words: pa.DictionaryArray) -> list[str]:
    """Return the words that may mean a missing value; the first values may rule that out."""
    first = words.dictionary[:HEAD]
    if len(words.dictionary) > HEAD:
        others = without_words(first, without_digits(first))
        if not len(others) or infer_words(name, others, len(others))[1] is None:
            return []
    return find_marks(words)


def _means_missing(marks: list[str], kind: Kind) -> bool:
    return kind is not Kind.boolean or all(map(is_sign, marks))


def marks_note(name: str, kind: Kind, words: pa.DictionaryArray, marks: list[str]) -> Note:
    """Return a note on the words that were found to mean a missing value."""
    rows = rows_with(words, marks)
    shown = " and ".join(f"'{mark}'" for mark in marks[:SHOWN])
    more = f" and {len(marks) - SHOWN} more" if len(marks) > SHOWN else ""
    return Note(
        f"{shown}{more} ({rows:,} row{'s' if rows > 1 else ''}) was taken as missing, as all other "
        f"values are {PLURALS[kind]}.",
        f"To keep it as a value: {override('dataset.columns', 'category', name=name)}",
    )


def _exactly(name: str) -> Inferred:
    """Return that whole numbers are kept as they are written, as numbers would merge some."""
    note = Note(
        "Whole numbers so large that some would become the same number; read as categories.",
        f"As numbers: {override('dataset.columns', 'number', name=name)}",
    )
    return Inferred(Kind.category, notes=(note,))


def merges_integers(values: pa.Array, numbers: pa.Array, written: str = "") -> bool:
    """Whether whole numbers beyond 2 ** 53 become one number that differ.

    Args:
        values: Whole numbers, decimals or strings, as they are in the source, [values].
        numbers: The same as numbers, float64 [values].
        written: How strings are written, where they are no plain numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(values.type):
        return False
    large = large_numbers(numbers)
    if large is None:
        return False
    values = values.filter(large)
    if is_string(values.type):
        values = pc.utf8_trim_whitespace(values)
        if written and not is_duration(written):
            values = picture(written).plain(values)
        values = number_keys(values.filter(pc.match_substring_regex(values, DECIMAL)))
        values = values.filter(pc.match_substring_regex(values, WHOLE))
        numbers = values.cast(pa.float64())
    else:
        numbers = numbers.filter(large)
    return bool(pc.count_distinct(values).as_py() > pc.count_distinct(numbers).as_py())


def large_numbers(numbers: pa.Array) -> pa.Array | None:
    """Return which numbers are too large to be exact, bool [values]; None where none is."""
    import pyarrow.compute as pc

    ends = pc.min_max(numbers)
    least, most = ends["min"].as_py(), ends["max"].as_py()
    if least is None or (least > -EXACT and most < EXACT):
        return None
    return pc.fill_null(pc.greater_equal(pc.abs(numbers), EXACT), False)


def _all_numbers(values: pa.Array, missing: tuple[str, ...]) -> pa.Array | None:
    """Read plain numbers; None where there is anything else, or nothing at all."""
    if not all(may_be_number(value, missing) for value in values[:FIRST].to_pylist()):
        return None
    if len(values) > HEAD and read_or_none(values[:HEAD], Kind.number, "", missing) is None:
        return None
    numbers = read_or_none(values, Kind.number, "", missing)
    return None if numbers is None or numbers.null_count == len(numbers) else numbers


def zero_and_one(numbers: pa.Array) -> bool:
    """Whether a column holds zeros and ones and nothing else, float64 or integers [rows]."""
    import pyarrow.compute as pc

    ends = pc.min_max(numbers)
    if (ends["min"].as_py(), ends["max"].as_py()) != (0, 1):
        return False
    return bool(pc.all(pc.or_(pc.equal(numbers, 0), pc.equal(numbers, 1))).as_py())


def _read_typed(name: str, values: pa.Array, missing: tuple[str, ...]) -> tuple[Inferred, pa.Array]:
    import pyarrow as pa

    if is_bytes(values.type) and not _are_images(values):
        return Inferred(Kind.category), cast(values, Kind.category, "", missing)
    kind = _typed_kind(values.type)
    if pa.types.is_time(values.type):
        return Inferred(kind, TIME_OF_DAY), cast(values, kind, TIME_OF_DAY)
    typed = cast(values, kind, "", missing)
    if pa.types.is_duration(values.type):
        return Inferred(kind, notes=(Note("Durations were read as numbers, in seconds."),)), typed
    if kind is Kind.number and merges_integers(values, typed):
        return _exactly(name), cast(values, Kind.category, "", missing)
    whole = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    if whole and zero_and_one(typed):
        return Inferred(Kind.boolean), typed.cast(pa.bool_())
    return Inferred(kind), typed


def _are_images(values: pa.Array) -> bool:
    """Whether one of the first values is an image file, or there are none."""
    first = values.drop_null()[:FIRST].to_pylist()
    images = [f.startswith(IMAGES) or (f[:4], f[8:12]) == (b"RIFF", b"WEBP") for f in first]
    return any(images) or not first


def _typed_kind(stored: pa.DataType) -> Kind:
    import pyarrow as pa

    if pa.types.is_boolean(stored):
        return Kind.boolean
    if pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored):
        return Kind.number
    if pa.types.is_duration(stored):
        return Kind.number
    if pa.types.is_temporal(stored):
        return Kind.datetime
    if pa.types.is_list(stored) or pa.types.is_large_list(stored):
        return Kind.labels
    if is_bytes(stored):
        return Kind.image
    return Kind.category
