"""What a target holds: as an input would, but words stay words, and sets of labels are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.schema.cast import cast, read_or_none
from mlfw.schema.words import is_string
from mlfw_tabular.infer.columns import read_column
from mlfw_tabular.infer.inferred import Inferred
from mlfw_tabular.infer.labels import infer_labels

if TYPE_CHECKING:
    import pyarrow as pa


def infer_target(name: str, values: pa.Array) -> Inferred:
    """Return what a target holds, by the rules of this package.

    Args:
        name: The column's name.
        values: Its values as they are in the source, [rows].
    """
    return read_target(name, values)[0]


def read_target(name: str, values: pa.Array) -> tuple[Inferred, pa.Array]:
    """Return what a target holds, and its values in that kind's storage type."""
    import pyarrow as pa

    inferred, typed = read_column(name, values)
    if inferred.kind is Kind.boolean and not pa.types.is_boolean(values.type):
        numbers = read_or_none(values, Kind.number)
        if numbers is not None:
            return Inferred(Kind.number), numbers
        return Inferred(Kind.category), cast(values, Kind.category)
    if inferred.kind in (Kind.category, Kind.text):
        delimiter = infer_labels(values)
        if delimiter:
            return Inferred(Kind.labels, delimiter), cast(values, Kind.labels, delimiter)
    if inferred.kind is Kind.text and is_string(typed.type):
        return Inferred(Kind.category), cast(values, Kind.category)
    return inferred, typed
