"""Taking rows apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlfw_tabular.threads import in_threads

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def take_apart(
    columns: dict[str, pa.ChunkedArray], parts: Sequence[np.ndarray]
) -> tuple[pa.Table, ...]:
    """Return some of the rows for each part, and take every column out of `columns` on the way.

    A large table is not held twice, then.

    Args:
        columns: Columns of the same length, by name.
        parts: For each part which rows it takes, int64 [rows].
    """
    import pyarrow as pa

    names = list(columns)
    rows = [pa.array(part) for part in parts]

    def take(name: str) -> list[pa.ChunkedArray]:
        values = columns.pop(name)
        return [values.take(part) for part in rows]

    taken = in_threads(take, names, sum(map(len, columns.values())))
    return tuple(pa.table(list(part), names=names) for part in zip(*taken, strict=True))
