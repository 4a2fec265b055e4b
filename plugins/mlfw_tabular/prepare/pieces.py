"""Reading a column piece by piece, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.components.dataset import Progress, silent
from mlfw.schema.cast import CastError
from mlfw.schema.whole import whole

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_tabular.prepare.encoder import Encoder


def read_piece(encoder: Encoder, column: pa.ChunkedArray, start: int, rows: int) -> np.ndarray:
    """Return what an encoder reads of some rows; copied only where they lie in several chunks.

    Raises:
        UserError: A value cannot be read; the message names its row.
    """
    part = column.slice(start, rows)
    values = whole(part)
    try:
        return encoder.read(values)
    except CastError as misfit:
        raise misfit_error(encoder.column, start + misfit.row, misfit) from None


class Count:
    """Counts the rows of columns that are done, by any thread, and tells of it."""

    def __init__(self, progress: Progress, rows: int, columns: Sequence[str]) -> None:
        """Begin with none of `rows` done."""
        self._progress = progress
        self._total = rows
        self._what = f"rows, {columns[0] if len(columns) == 1 else f'{len(columns)} columns'}"
        self._done = 0
        self._lock = Lock()

    def add(self, rows: int) -> None:
        """Take note that so many rows are done, or as many as there still were."""
        with self._lock:
            self._done = min(self._done + rows, self._total)
            self._progress(self._done, self._total, self._what)


def read_column(
    encoder: Encoder, column: pa.ChunkedArray, progress: Progress = silent
) -> np.ndarray:
    """Return what an encoder reads of all rows, [rows, ...]."""
    import numpy as np

    count = Count(progress, len(column), [encoder.column])
    sample = read_piece(encoder, column, 0, 0)
    out = np.empty((len(column), *sample.shape[1:]), sample.dtype)
    for start in range(0, len(column), encoder.rows_at_once):
        stop = start + encoder.rows_at_once
        out[start:stop] = read_piece(encoder, column, start, encoder.rows_at_once)
        count.add(encoder.rows_at_once)
    return out


def misfit_error(column: str, row: int, misfit: CastError) -> UserError:
    """Return the error about an image that cannot be read.

    Args:
        column: The column's name.
        row: The row's index from 0.
        misfit: What was found.
    """
    return UserError(
        f"column '{column}', row {row + 1}: expected the content of an image file, found "
        f"{misfit.value}.",
        "Correct the image or leave it empty.",
    )
