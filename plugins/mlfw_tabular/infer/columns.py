"""The kind of a column by the rules of the package, and its values read by it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.schema.cast import cast, read_or_none
from mlfw.schema.words import encoded, is_string
from mlfw_tabular.infer.codes import are_decimals, has_codes, may_be_number
from mlfw_tabular.infer.dates import date_in_name
from mlfw_tabular.infer.inferred import HEAD, Inferred
from mlfw_tabular.infer.words import infer_words

if TYPE_CHECKING:
    import pyarrow as pa

FIRST = 5


def infer_column(name: str, values: pa.Array) -> Inferred:
    """Return what a column holds, by the rules of this package.

    Args:
        name: The column's name; it says where eight digits are a date.
        values: Its values as they are in the source, [rows].
    """
    return read_column(name, values)[0]


def read_column(name: str, values: pa.Array) -> tuple[Inferred, pa.Array]:
    """Return what a column holds, and its values in that kind's storage type.

    Raises:
        CastError: It is of a type that no kind has.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        if values.type.equals(pa.dictionary(pa.int32(), pa.string())) and not values.null_count:
            return _read_words(name, encoded(values))
        values = values.dictionary_decode()
    if not is_string(values.type):
        return _read_typed(values)
    values = values.cast(pa.string())
    numbers = _all_numbers(values)
    if numbers is not None and not (
        date_in_name(name)
        or zero_and_one(numbers)
        or (not are_decimals(values[:HEAD]) and has_codes(values))
    ):
        return Inferred(Kind.number), numbers
    return _read_words(name, encoded(values))


def _read_words(name: str, words: pa.DictionaryArray) -> tuple[Inferred, pa.Array]:
    inferred, typed = infer_words(name, words.dictionary, len(words) - words.null_count)
    if typed is not None:
        return inferred, typed.take(words.indices)
    return inferred, words if inferred.kind is Kind.category else words.dictionary_decode()


def _all_numbers(values: pa.Array) -> pa.Array | None:
    """Read plain numbers; None where there is anything else, or nothing at all."""
    if not all(may_be_number(value) for value in values[:FIRST].to_pylist()):
        return None
    if len(values) > HEAD and read_or_none(values[:HEAD], Kind.number) is None:
        return None
    numbers = read_or_none(values, Kind.number)
    return None if numbers is None or numbers.null_count == len(numbers) else numbers


def zero_and_one(numbers: pa.Array) -> bool:
    """Whether a column holds zeros and ones and nothing else, float64 or integers [rows]."""
    import pyarrow.compute as pc

    ends = pc.min_max(numbers)
    if (ends["min"].as_py(), ends["max"].as_py()) != (0, 1):
        return False
    return bool(pc.all(pc.or_(pc.equal(numbers, 0), pc.equal(numbers, 1))).as_py())


def _read_typed(values: pa.Array) -> tuple[Inferred, pa.Array]:
    import pyarrow as pa

    kind = _typed_kind(values.type)
    typed = cast(values, kind)
    whole = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    if whole and zero_and_one(typed):
        return Inferred(Kind.boolean), typed.cast(pa.bool_())
    return Inferred(kind), typed


def _typed_kind(stored: pa.DataType) -> Kind:
    import pyarrow as pa

    if pa.types.is_boolean(stored):
        return Kind.boolean
    if pa.types.is_integer(stored) or pa.types.is_floating(stored) or pa.types.is_decimal(stored):
        return Kind.number
    if pa.types.is_timestamp(stored) or pa.types.is_date(stored):
        return Kind.datetime
    if pa.types.is_list(stored) or pa.types.is_large_list(stored):
        return Kind.labels
    if pa.types.is_binary(stored) or pa.types.is_large_binary(stored):
        return Kind.image
    return Kind.category
