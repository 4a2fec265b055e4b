"""The data set `parquet`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlfw import LoadContext, RowSplits, UserError
from mlfw.components.dataset import Progress, silent
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.memory import memory_bytes
from mlfw_tabular.parquet_source import as_user_error, open_source
from mlfw_tabular.reading import Telling, check_flat
from mlfw_tabular.sources import check_file
from mlfw_tabular.streaming import stream_splits
from mlfw_tabular.text_file import Told

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

LARGEST_SHARE = 0.25
BATCH_ROWS, BUFFER_BYTES = 65_536, 1 << 20


@dataclass(kw_only=True)
class Parquet(FileDataset):
    """A Parquet file, several, or a folder of them; columns keep their types.

    In a folder, the names of sub-folders such as `year=2024` are columns too.

    Attributes:
        stream: Whether rows are read batch by batch instead of all at once, for models that can
            learn so (mlp, linear); null for where they would take a quarter of the memory. Splits
            then meet their shares about and not to the row, and split.folds is not possible.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    lists: ClassVar[bool] = True
    folders: ClassVar[bool] = True

    stream: bool | None = None

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows, in memory or streamed; see `mlfw.Dataset.load`."""
        if context.folder is None or not self._streams():
            return super().load(context)
        if self.validation or self.test:
            raise UserError(
                "dataset.stream: rows that are streamed are divided by mlfw, not by files.",
                "Leave dataset.validation and dataset.test out, or set dataset.stream=false.",
            )
        source = self.source()
        own = self.following(source.schema.names)
        check_flat(source.schema, own.place(), own.drop)
        return stream_splits(own, source, context)

    def source(self) -> ds.Dataset:
        """Return the rows as an Arrow data set, to be read batch by batch."""
        return open_source(self.sources("path"))

    def _streams(self) -> bool:
        if self.stream is not None:
            return self.stream
        groups = (
            fragment.metadata.row_group(index).total_byte_size
            for fragment in self.source().get_fragments()
            for index in range(fragment.metadata.num_row_groups)
        )
        return bool(sum(groups) > memory_bytes() * LARGEST_SHARE)

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
        import pyarrow as pa
        import pyarrow.parquet as pq

        check_file(path, "")
        told, size, done = Telling(progress, [path]).of(path), path.stat().st_size, 0
        with (
            as_user_error(path),
            pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file,
        ):
            rows = file.metadata.num_rows
            for batch in file.iter_batches(BATCH_ROWS):
                done += batch.num_rows
                told(size * done // rows)
                yield pa.Table.from_batches([batch])
            if not rows:
                yield file.read()

    def format(self, table: pa.Table) -> bytes:
        """Return Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        out = pa.BufferOutputStream()
        pq.write_table(table, out)
        return bytes(out.getvalue())
