"""Rows of a text file written as Parquet, in row groups of a fixed number of rows."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_ROWS, LEAST_ROWS = 65_536, 256
GROUP_BYTES = 32 << 20


class RowSink:
    """Takes tables of any size and writes row groups of one size.

    Which rows stand in a group follows from the file alone, and not from how it is read.

    Args:
        path: The Parquet file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = MOST_ROWS
        self._waiting: list[pa.Table] = []
        self._waits = 0
        self._writer: pq.ParquetWriter | None = None

    def begin(self, row_bytes: int) -> None:
        """Begin the file, also once more from its start.

        Args:
            row_bytes: About how long a row is; of long rows a group has fewer.
        """
        self._close()
        self._rows = min(max(GROUP_BYTES // max(row_bytes, 1), LEAST_ROWS), MOST_ROWS)
        self._waiting, self._waits = [], 0

    def write(self, table: pa.Table) -> None:
        """Take the next rows."""
        self._waiting.append(table)
        self._waits += table.num_rows
        if self._waits >= self._rows:
            self._flush(self._waits // self._rows * self._rows)

    def end(self) -> None:
        """Write what is left, and close the file; at least one table was written."""
        self._flush(self._waits)
        self._close()

    def _flush(self, rows: int) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.concat_tables(self._waiting)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="lz4")
        self._writer.write_table(table.slice(0, rows), row_group_size=self._rows)
        self._waiting, self._waits = [table.slice(rows)], table.num_rows - rows

    def _close(self) -> None:
        if self._writer is not None:
            with suppress(ValueError):  # a file that is begun anew
                self._writer.close()
            self._writer = None
