"""Telling sets of labels in one string from single words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.schema.cast import cast
from mlfw.schema.words import MISSING_WORDS, encoded, is_string

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = (";", "|")
LEAST_ROWS_PER_LABEL = 2


def infer_labels(
    values: pa.Array,
    delimiters: Sequence[str] = DELIMITERS,
    missing: tuple[str, ...] = MISSING_WORDS,
) -> str | None:
    """Return what stands between the labels of a column of strings, if it holds sets of them.

    That is so if some value has two pieces or more, the pieces recur in other combinations, and
    each stands in two rows or more on average. A row without any label has an empty value, or one
    without the delimiter.

    Args:
        values: Strings, [rows].
        delimiters: What to look for; a comma is only a delimiter where it is asked for.
        missing: The words that mean a missing value.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not is_string(values.type):
        return None
    words = encoded(values.cast(pa.string()), missing)
    for delimiter in delimiters:
        if _are_sets(words, delimiter):
            return delimiter
    return None


def _are_sets(words: pa.DictionaryArray, delimiter: str) -> bool:
    import numpy as np
    import pyarrow.compute as pc

    combinations = words.dictionary
    if not pc.any(pc.match_substring(combinations, delimiter)).as_py():
        return False
    sets = cast(combinations, Kind.labels, delimiter)
    labels = pc.list_flatten(sets)
    different = len(labels.unique())
    lengths = np.asarray(pc.list_value_length(sets))
    rows = np.bincount(np.asarray(words.indices.drop_null()), minlength=len(combinations))
    told = int((lengths * rows).sum())
    return (
        lengths.max(initial=0) > 1
        and len(labels) > different
        and told >= LEAST_ROWS_PER_LABEL * different
    )
