"""Inferring what each column holds, and what is to be predicted.

The rules, in order. A column of a typed source keeps its type. A column of text is

- boolean, if every value is one of true, false, yes, no, y, n, t, f in any case;
- number, if every value is one and none begins with a zero that a code would have (007);
- datetime, if every value is a date or time in ISO 8601 form;
- text, if most values differ and they have three words or more on average;
- category otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Kind, Task, UserError
from mlfw.schema.cast import CastError, cast, without_missing_words

if TYPE_CHECKING:
    import pyarrow as pa

BOOLEAN_WORDS = ("true", "false", "yes", "no", "y", "n", "t", "f")
CODE = r"^[+-]?0\d"
ISO_DATE = r"^\d{4}-\d{1,2}-\d{1,2}([T ].*)?$"
MOST_INTEGER_CLASSES = 20
LEAST_ROWS_PER_CLASS = 10


def infer_kind(values: pa.Array) -> Kind:
    """Return the kind of a column, [rows], by the rules above."""
    import pyarrow as pa

    kind = values.type
    if pa.types.is_dictionary(kind):
        return infer_kind(values.dictionary_decode())
    if pa.types.is_boolean(kind):
        return Kind.boolean
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Kind.number
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Kind.datetime
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _kind_of_strings(without_missing_words(values.cast(pa.string())).drop_null())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return Kind.labels
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return Kind.image
    return Kind.category


def _kind_of_strings(values: pa.Array) -> Kind:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(values):
        return Kind.category
    distinct = values.unique()
    if pc.all(pc.is_in(pc.utf8_lower(distinct), pa.array(BOOLEAN_WORDS))).as_py():
        return Kind.boolean
    if _fits(distinct, Kind.number):
        has_codes = pc.any(pc.match_substring_regex(distinct, CODE)).as_py()
        return Kind.category if has_codes else Kind.number
    dates = pc.all(pc.match_substring_regex(distinct, ISO_DATE)).as_py()
    if dates and _fits(distinct, Kind.datetime):
        return Kind.datetime
    words = pc.mean(pc.list_value_length(pc.utf8_split_whitespace(distinct))).as_py()
    return Kind.text if len(distinct) > len(values) / 2 and words >= 3 else Kind.category


def _fits(values: pa.Array, kind: Kind) -> bool:
    try:
        cast(values[:1], kind)
        cast(values, kind)
    except CastError:
        return False
    return True


def infer_task(name: str, values: pa.Array, kind: Kind) -> Task:
    """Return the task that a target column, [rows] without missing values, stands for.

    Whole numbers are classes where there are two of them, or up to 20 with 10 rows or more each
    on average; other numbers are values to regress on. Everything else is classes.

    Raises:
        UserError: The column cannot be a target.
    """
    import pyarrow.compute as pc

    if kind is Kind.labels:
        return Task.multilabel
    distinct = pc.count_distinct(values).as_py()
    if kind is Kind.datetime:
        raise UserError(
            f"dataset.target={name}: holds dates, which no model predicts.",
            "Choose another target, or turn it into a number such as days.",
        )
    if kind is Kind.number:
        whole = pc.all(pc.equal(pc.round(values), values)).as_py()
        few = distinct <= MOST_INTEGER_CLASSES and distinct * LEAST_ROWS_PER_CLASS <= len(values)
        if not whole or not (few or distinct == 2):
            return Task.regression
    elif distinct > max(len(values) / 2, 2):
        raise UserError(
            f"dataset.target={name}: {distinct} different values in {len(values)} rows are no "
            "classes.",
            "Choose a target whose values repeat, or one that is a number.",
        )
    return Task.binary if distinct <= 2 else Task.multiclass
