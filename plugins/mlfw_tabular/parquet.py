"""The data set `parquet`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlfw import LoadContext, RowSplits, UserError
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.memory import memory_bytes
from mlfw_tabular.streaming import stream_splits

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

LARGEST_SHARE = 0.25


@dataclass(kw_only=True)
class Parquet(FileDataset):
    """A Parquet file; its columns keep their types.

    Attributes:
        stream: Whether rows are read batch by batch instead of all at once, for models that can
            learn so (mlp, linear); null for where they would take a quarter of the memory.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")

    stream: bool | None = None

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows, in memory or streamed; see `mlfw.Dataset.load`."""
        if context.folder is not None and self._streams():
            return stream_splits(self, self.source(), context)
        return super().load(context)

    def source(self) -> ds.Dataset:
        """Return the rows as an Arrow data set, to be read batch by batch."""
        import pyarrow.dataset as ds

        return ds.dataset([str(self._file())], format="parquet")

    def _streams(self) -> bool:
        if self.stream is not None:
            return self.stream
        groups = (
            fragment.metadata.row_group(index).total_byte_size
            for fragment in self.source().get_fragments()
            for index in range(fragment.metadata.num_row_groups)
        )
        return bool(sum(groups) > memory_bytes() * LARGEST_SHARE)

    def parse(self, path: Path) -> pa.Table:
        """Read the file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(path).read()
        except (pa.ArrowException, OSError) as error:
            text = str(error).splitlines()[0]
            raise UserError(f"{path}: not a whole Parquet file: {text}") from None

    def format(self, table: pa.Table) -> bytes:
        """Return Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        out = pa.BufferOutputStream()
        pq.write_table(table, out)
        return bytes(out.getvalue())
