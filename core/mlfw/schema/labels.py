"""Sets of labels as text: `red;blue`, and nothing for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.schema.schema import Target

DELIMITERS = (";", "|", ",", "/", "\t")


def label_delimiter(target: Target) -> str:
    """Return what stands between two labels where a set of them is text.

    It is what stood there in training; where training saw lists, a mark that no label holds.
    """
    if target.column.format:
        return target.column.format
    free = (mark for mark in DELIMITERS if not any(mark in name for name in target.classes))
    return next(free, DELIMITERS[0])


def labels_as_text(labels: pa.ListArray, delimiter: str) -> pa.Array:
    """Return sets of labels as strings, [rows]; an empty set is an empty string."""
    import pyarrow.compute as pc

    return pc.binary_join(labels, delimiter)
