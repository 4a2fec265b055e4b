"""Columns read as words that are numbers or dates but for a few values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Action, Kind
from mlfw.errors import listing
from mlfw.hints import override
from mlfw.schema.cast import CastError, cast
from mlfw_tabular.checks.base import Check, Problem
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.values import codes, counted, plain, sample, shortened, taken

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_ROWS = 20
MOST_FIT = 0.9
GLANCE = 1000
SHOWN = 3
MOST_WORDS = 1000
PATTERNS = {
    Kind.number: r"^[+-]?(0|[1-9]\d*|\d*(?:\.\d+)|\d+\.)([eE][+-]?\d+)?$",
    Kind.datetime: r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$",
}


class MixedTypes(Check[Rows]):
    """Columns read as words of which over 90 % are numbers, or dates in ISO 8601 form.

    A column whose kind is named in `dataset.columns` is taken as it is.
    """

    name = "mixed_types"
    default = Action.warn
    mend = "read it as such, the rest as missing"
    mended = "The rest is missing."

    def find(self, data: Rows) -> list[Problem]:
        """Return the columns; `where` is the kind and the values as such."""
        problems = []
        for column, values in data.of_kind(Kind.category, Kind.text):
            if column.name in data.chosen:
                continue
            for kind in PATTERNS:
                found = _as(kind, values)
                if found is not None:
                    problems.append(_problem(column.name, kind, values, found))
                    break
        return problems

    def fix(self, data: Rows, problems: Sequence[Problem]) -> tuple[Rows, Sequence[Problem]]:
        """Read the columns as what most of their values are."""
        for problem in problems:
            kind, values = problem.where
            column = next(c for c in data.columns if c.name == problem.column)
            words = _misfits(data.arrays[column.name], values)[:MOST_WORDS]
            missing = (*column.words_for_missing[1:], *words)
            data = data.with_column(replace(column, kind=kind, missing_words=missing), values)
        return data, problems


def _as(kind: Kind, values: pa.Array) -> pa.Array | None:
    """Return a column as another kind, what does not fit missing; None where too much is."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    glance = plain(taken(values, sample(len(values), 0, GLANCE))).drop_null()
    if len(glance) < LEAST_ROWS or _share(glance, kind) < MOST_FIT - 0.1:
        return None
    own, words = codes(values)
    fits = pc.match_substring_regex(words, PATTERNS[kind])
    typed = _cast_where(words, fits, kind)
    if typed is None:
        return None
    known = own >= 0
    share = np.asarray(typed.is_valid())[own[known]].mean()
    if not MOST_FIT < share < 1:
        return None
    return typed.take(pa.array(own, mask=~known))


def _share(values: pa.Array, kind: Kind) -> float:
    import pyarrow.compute as pc

    return float(pc.mean(pc.match_substring_regex(values, PATTERNS[kind])).as_py())


def _cast_where(words: pa.Array, fits: pa.Array, kind: Kind) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return cast(pc.if_else(fits, words, pa.scalar(None, words.type)), kind)
    except CastError:  # a day such as 2024-02-31
        return None


def _misfits(values: pa.Array, typed: pa.Array) -> list[str]:
    """Return the different words that are no such values, sorted."""
    import pyarrow.compute as pc

    own = pc.and_(pc.is_null(typed), pc.is_valid(plain(values)))
    return sorted(plain(values).filter(own).unique().to_pylist())


def _problem(name: str, kind: Kind, values: pa.Array, typed: pa.Array) -> Problem:
    import pyarrow.compute as pc

    words = _misfits(values, typed)
    misfits = pc.sum(pc.and_(pc.is_null(typed), pc.is_valid(plain(values)))).as_py()
    what = {Kind.number: "numbers", Kind.datetime: "dates"}[kind]
    held = len(values) - values.null_count
    message = (
        f"read as words, but {held - misfits:,} of {counted(held, 'value')} are {what}; not "
        f"{listing([repr(shortened(word)) for word in words], SHOWN)}"
    )
    keep = override("dataset.columns", "category", name=name)
    advice = f"Correct the rest in the source, or keep it: {keep}."
    return Problem(message=message, column=name, rows=misfits, where=(kind, typed), advice=advice)
