"""The data set `parquet`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlfw import UserError
from mlfw_tabular.file_dataset import FileDataset

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(kw_only=True)
class Parquet(FileDataset):
    """A Parquet file; its columns keep their types."""

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")

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
