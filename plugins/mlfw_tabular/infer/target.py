"""What a target holds: as an input would, but words stay words, and sets of labels are known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.hints import override
from mlfw.schema import is_duration
from mlfw.schema.cast import cast, read_or_none
from mlfw.schema.dates import has_day
from mlfw.schema.numerals import picture
from mlfw.schema.words import MISSING_WORDS, encoded, is_string
from mlfw_tabular.infer.columns import WHOLE, large_numbers, read_column
from mlfw_tabular.infer.inferred import Inferred, Note
from mlfw_tabular.infer.labels import infer_labels
from mlfw_tabular.infer.marks import is_word, rows_with
from mlfw_tabular.infer.numerals import KNOWN
from mlfw_tabular.infer.task import infer_task

if TYPE_CHECKING:
    import pyarrow as pa

# Words for a missing value that may be a class: a disorder may be None, a country NA.
CLASS_WORDS = frozenset({"NA", "N/A", "n/a", "NULL", "null", "None"})
# The share of rows from which on it is told that such a word was taken as missing.
NOTED = 0.1


def infer_target(name: str, values: pa.Array, missing: tuple[str, ...] = MISSING_WORDS) -> Inferred:
    """Return what a target holds, by the rules of this package.

    Args:
        name: The column's name.
        values: Its values as they are in the source, [rows].
        missing: The words that mean a missing value.
    """
    return read_target(name, values, missing)[0]


def read_target(
    name: str, values: pa.Array, missing: tuple[str, ...] = MISSING_WORDS
) -> tuple[Inferred, pa.Array]:
    """Return what a target holds, and its values in that kind's storage type."""
    import pyarrow as pa

    inferred, typed = read_column(name, values, missing)
    if is_string(values.type) and _stay_words(inferred, typed):
        kept = inferred.missing
        if kept is not None:
            kept = tuple(word for word in kept if word in missing or not is_word(word))
        own = missing if kept is None else ("", *kept)
        return Inferred(Kind.category, missing=kept), cast(values, Kind.category, "", own)
    if inferred.kind is Kind.category and _only_digits(typed):
        return replace(inferred, notes=()), typed  # large whole numbers, which are classes
    if inferred.kind is Kind.boolean and not pa.types.is_boolean(values.type):
        own = missing if inferred.missing is None else ("", *inferred.missing)
        numbers = read_or_none(values, Kind.number, "", own)
        if numbers is not None:
            return replace(inferred, kind=Kind.number), numbers
        return Inferred(Kind.category), cast(values, Kind.category, "", missing)
    if inferred.kind in (Kind.category, Kind.text):
        delimiter = infer_labels(values, missing=missing)
        if delimiter:
            return Inferred(Kind.labels, delimiter), cast(values, Kind.labels, delimiter, missing)
    if inferred.kind is Kind.text and is_string(typed.type):
        return replace(inferred, kind=Kind.category), cast(values, Kind.category, "", missing)
    if inferred.kind is Kind.number and _large_classes(values, typed):
        exact = cast(values, Kind.category, "", missing)
        return replace(inferred, kind=Kind.category, format="", notes=()), exact
    return inferred, typed


def _stay_words(inferred: Inferred, typed: pa.Array) -> bool:
    """Whether strings are classes as they are written, and no numbers or moments.

    They are where classes have a unit, are months or times of day, or where a word such as `none`
    stands among them.
    """
    known = typed.drop_null()
    if not len(known) or inferred.kind not in (Kind.number, Kind.datetime):
        return False
    if inferred.kind is Kind.datetime:
        days = not inferred.format or has_day(inferred.format)
        return not days and 2 * len(known.unique()) <= len(known)
    marked = inferred.missing is not None and any(map(is_word, inferred.missing))
    if not marked and not _has_unit(inferred.format):
        return False
    return infer_task("", known, Kind.number).is_classification


def _has_unit(written: str) -> bool:
    """Whether numbers have a unit, a letter for thousands, or are durations; see `find_units`."""
    if not written or is_duration(written):
        return bool(written)
    shown = picture(written)
    return shown.scaled or (bool(shown.symbol) and shown.symbol.lower() not in KNOWN)


def _only_digits(values: pa.Array) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    words = values.dictionary if pa.types.is_dictionary(values.type) else values
    return bool(pc.all(pc.match_substring_regex(words, WHOLE), min_count=1).as_py())


def _large_classes(values: pa.Array, numbers: pa.Array) -> bool:
    """Whether numbers are classes so large that numbers could not hold them exactly."""
    import pyarrow as pa

    if pa.types.is_floating(values.type) or large_numbers(numbers) is None:
        return False
    known = numbers.drop_null()
    return infer_task("", known, Kind.number).is_classification


def class_words(
    name: str, values: pa.Array, inferred: Inferred, typed: pa.Array, *, said: bool
) -> tuple[Inferred, pa.Array]:
    """Return a target whose words such as None and NA are classes where that is more likely.

    They are where a person has said that the target is a category, where only one class would be
    left without them, and where they would take away more than half of the rows and the other
    values are classes too.

    Args:
        name: The target.
        values: Its values as they are in the source, [rows].
        inferred: What it holds where these words mean a missing value.
        typed: Its values read so.
        said: Whether a person has said so.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not is_string(values.type) or inferred.kind not in (Kind.category, Kind.number):
        return inferred, typed
    found = encoded(values.cast(pa.string()), ("",))
    words = [w for w in found.dictionary.to_pylist() if w in CLASS_WORDS]
    if not words:
        return inferred, typed
    rows = rows_with(found, words)
    shown = " and ".join(f"'{word}'" for word in words)
    count = f"{shown} ({rows:,} row{'s' if rows > 1 else ''})"
    classes = _has_classes(inferred, typed)
    lone = inferred.kind is Kind.category and len(typed.drop_null().unique()) == 1
    if said or lone or (2 * typed.null_count > len(typed) and classes):
        usual = tuple(word for word in MISSING_WORDS[1:] if word not in CLASS_WORDS)
        note = Note(
            f"{count} was read as a class.",
            f"If it means a missing value: {override('dataset.missing', words)}",
        )
        kept = Inferred(Kind.category, notes=(note,), missing=usual)
        return kept, cast(values, Kind.category, "", ("", *usual))
    if classes and rows >= NOTED * len(values):
        how = override("dataset.columns", "category", name=name)
        note = Note(f"{count} was taken as missing.", f"If it is a class: {how}")
        return replace(inferred, notes=(note, *inferred.notes)), typed
    return inferred, typed


def _has_classes(inferred: Inferred, typed: pa.Array) -> bool:
    known = typed.drop_null()
    if inferred.kind is Kind.category or not len(known):
        return True
    return infer_task("", known, inferred.kind).is_classification
