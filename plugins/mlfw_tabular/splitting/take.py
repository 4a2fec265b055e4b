"""Taking rows apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlfw.components.dataset import Progress, silent
from mlfw_tabular.each_column import each_column

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def take_apart(
    columns: dict[str, pa.ChunkedArray],
    parts: Sequence[np.ndarray],
    progress: Progress = silent,
) -> tuple[pa.Table, ...]:
    """Return some of the rows for each part, and take every column out of `columns` on the way.

    A large table is not held twice, then.

    Args:
        columns: Columns of the same length, by name.
        parts: For each part which rows it takes, int64 [rows].
        progress: Whom to tell how much is taken apart.
    """
    import pyarrow as pa

    rows = [pa.array(part) for part in parts]

    def take(name: str, values: pa.ChunkedArray) -> list[pa.ChunkedArray]:  # noqa: ARG001
        return [values.take(part) for part in rows]

    taken = each_column(take, columns, progress, "divided")
    return tuple(
        pa.table({name: values[number] for name, values in taken.items()})
        for number in range(len(parts))
    )
