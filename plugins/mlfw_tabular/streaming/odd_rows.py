"""Rows that tell of a column what a sample does not: those to look at beside the sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlfw import Column, Kind
from mlfw.schema.lenient import read_fitting
from mlfw.schema.words import encoded, is_string
from mlfw_tabular.infer.codes import CODE, has_codes
from mlfw_tabular.infer.marks import LEAST_DIFFERENT, MOST_MARKS, without_digits

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

READ = (Kind.number, Kind.datetime, Kind.boolean)
EXACT = 2.0**53
MOST_A_TABLE = 8


def odd_rows(
    rows: pa.Table, columns: Sequence[Column], words: Mapping[str, Sequence[str]]
) -> np.ndarray:
    """Return the rows that a sample should hold too, int64 [rows], a few for each column.

    They hold a value that does not fit what the sample tells of its column, a number that may be
    a code or is too large to be told apart as a number, or one of some words.

    Args:
        rows: Rows as they are in the source.
        columns: What the sample tells.
        words: By column, words to look for.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    found = [np.zeros(0, np.int64)]
    for column in columns:
        values = rows[column.name].combine_chunks()
        if not is_string(values.type):
            continue
        values = values.cast(pa.string())
        odd = None
        if column.kind in READ:
            odd = _misfits(values, column)
        elif column.name in words:
            odd = np.asarray(
                pc.fill_null(pc.is_in(values, pa.array(words[column.name], pa.string())), False)
            )
        if odd is not None:
            found.append(np.flatnonzero(odd)[:MOST_A_TABLE])
    return np.unique(np.concatenate(found))


def _misfits(values: pa.Array, column: Column) -> np.ndarray | None:
    import numpy as np
    import pyarrow.compute as pc

    typed, misfit = read_fitting(values, column.kind, column.format, column.words_for_missing)
    if misfit is not None and misfit.any():
        return misfit
    if column.kind is not Kind.number or column.format:
        return None
    large = pc.fill_null(pc.greater_equal(pc.abs(typed), EXACT), False)
    if pc.any(large).as_py():
        return np.asarray(large)
    if has_codes(values):
        return np.asarray(pc.fill_null(pc.match_substring_regex(values, CODE), False))
    return None


def words_to_look_for(sample: pa.Table, columns: Sequence[Column]) -> dict[str, list[str]]:
    """Return words of a sample that may mean a missing value if more rows hold them, by column."""
    import pyarrow as pa

    found: dict[str, list[str]] = {}
    for column in columns:
        values = sample[column.name].combine_chunks()
        if column.kind in READ or not is_string(values.type):
            continue
        distinct = encoded(values.cast(pa.string()), column.words_for_missing).dictionary
        words = without_digits(distinct)
        if 0 < len(words) <= MOST_MARKS and len(distinct) - len(words) >= LEAST_DIFFERENT:
            found[column.name] = words
    return found
