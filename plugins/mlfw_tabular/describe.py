"""What training rows tell about a column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Column, Kind

if TYPE_CHECKING:
    import pyarrow as pa


def describe(column: Column, values: pa.Array) -> Column:
    """Return an input column with what its training rows hold.

    Args:
        column: Its name, kind and format.
        values: Its training values in storage type, [rows].
    """
    import pyarrow.compute as pc

    integer = False
    if column.kind is Kind.number:
        integer = bool(pc.all(pc.equal(pc.round(values), values)).as_py())
    categories = tuple(seen_categories(values)) if column.kind is Kind.category else ()
    return replace(column, categories=categories, integer=integer, missing=values.null_count > 0)


def seen_categories(values: pa.Array) -> list[str]:
    """Return the different values of a category, sorted."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        indices = values.indices.drop_null().unique()
        return sorted(values.dictionary.take(indices).to_pylist())
    return sorted(values.drop_null().unique().to_pylist())
