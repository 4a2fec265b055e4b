"""The data set `parquet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from mlfw.components.dataset import Progress, silent
from mlfw_tabular.parquet_source import RowSource, as_user_error, open_source
from mlfw_tabular.reading import Telling, check_names
from mlfw_tabular.sources import check_file
from mlfw_tabular.streamable import StreamableDataset
from mlfw_tabular.text_file import Told

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_BYTES_FOR_PIECES, PIECE_BYTES = 16 << 20, 2 << 20
BATCH_ROWS, BUFFER_BYTES = 65_536, 1 << 20
GROUP_ROWS, GROUP_BYTES = 1 << 17, 16 << 20  # a row group ends where it has either


@dataclass(kw_only=True)
class Parquet(StreamableDataset):
    """A Parquet file, several, or a folder of them; columns keep their types.

    In a folder, the names of sub-folders such as `year=2024` are columns too.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    lists: ClassVar[bool] = True
    folders: ClassVar[bool] = True

    def size(self) -> int:
        """Return how many bytes the rows take when they are read."""
        return open_source(self.sources("path")).size

    def source(self, scratch: Path, progress: Progress) -> RowSource:  # noqa: ARG002
        """Return the rows as they lie in the files."""
        return open_source(self.sources("path"))

    def parse(self, path: Path, told: Told) -> pa.Table:
        """Read the file, one row group after the other."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        size = path.stat().st_size
        with as_user_error(path), pq.ParquetFile(path, pre_buffer=False) as file:
            if file.num_row_groups < 2:
                return file.read()
            groups = []
            for number in range(file.num_row_groups):
                groups.append(file.read_row_group(number))
                told(size * (number + 1) // file.num_row_groups)
            return pa.concat_tables(groups)

    def batches(self, path: Path, progress: Progress = silent) -> Iterator[pa.Table]:
        """Yield the rows of a file, a few row groups in memory at once; see `mlfw.Dataset`."""
        check_file(path, "")
        yield from _pieces(path, BATCH_ROWS, Telling(progress, [path]).of(path))

    def read_pieces(self, path: Path, progress: Progress = silent) -> Iterator[pa.Table] | None:
        """Return the rows of a large file piece by piece; see `mlfw.Dataset.read_pieces`."""
        import pyarrow.parquet as pq

        check_file(path, "")
        with as_user_error(path):
            metadata = pq.read_metadata(path)
        check_names(metadata.schema.to_arrow_schema().names, path)
        groups = map(metadata.row_group, range(metadata.num_row_groups))
        size = sum(group.total_byte_size for group in groups)
        if size < LEAST_BYTES_FOR_PIECES:
            return None
        rows = min(max(PIECE_BYTES * metadata.num_rows // size, 1), BATCH_ROWS)
        return _pieces(path, rows, Telling(progress, [path]).of(path))

    def write_into(self, file: BinaryIO, pieces: Iterable[pa.Table]) -> None:
        """Write Parquet."""
        import pyarrow.parquet as pq

        tables = iter(pieces)
        first = next(tables)
        with pq.ParquetWriter(file, first.schema) as writer:
            for group in _groups(chain([first], tables)):
                writer.write_table(group, group.num_rows)


def _pieces(path: Path, size: int, told: Told) -> Iterator[pa.Table]:
    """Yield the rows of a file in tables of a size; one at least."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    done, total = 0, path.stat().st_size
    # What is read ahead by default is kept until the file is closed: all of it.
    with (
        as_user_error(path),
        pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file,
    ):
        rows = file.metadata.num_rows
        for batch in file.iter_batches(size):
            yield pa.Table.from_batches([batch])
            done += batch.num_rows
            told(total * done // rows)
        if not rows:
            yield file.read()


def _groups(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables joined to row groups that are large enough to be stored and read well."""
    import pyarrow as pa

    joined: list[pa.Table] = []
    rows = size = 0
    for piece in pieces:
        if joined and (rows >= GROUP_ROWS or size >= GROUP_BYTES):
            yield pa.concat_tables(joined)
            joined, rows, size = [], 0, 0
        joined.append(piece)
        rows, size = rows + piece.num_rows, size + piece.nbytes
    yield pa.concat_tables(joined)
