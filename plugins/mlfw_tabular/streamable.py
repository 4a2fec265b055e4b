"""The base of data sets whose files can be read block by block."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import LoadContext, RowSplits, UserError
from mlfw.components.dataset import Progress
from mlfw.errors import listing
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.memory import memory_bytes
from mlfw_tabular.mixed_values import as_read
from mlfw_tabular.reading import check_flat

if TYPE_CHECKING:
    from mlfw_tabular.parquet_source import RowSource

LARGEST_SHARE = 0.25
SCRATCH = "rows"


@dataclass(kw_only=True)
class StreamableDataset(FileDataset):
    """A data set of files that can be read block by block.

    Attributes:
        stream: Whether rows are read block by block instead of all at once, for models that can
            learn so (mlp, linear); null for where they would take a quarter of the memory. Splits
            then meet their shares about and not to the row, and split.folds is not possible.
    """

    stream: bool | None = None

    @abstractmethod
    def size(self) -> int:
        """Return about how many bytes the rows take in memory, without reading them."""

    @abstractmethod
    def source(self, scratch: Path, progress: Progress) -> RowSource:
        """Return the rows to be read by file and row group.

        Args:
            scratch: A folder, not there yet, for files that are kept until the rows are divided.
            progress: Told how far it is.

        Raises:
            UserError: A file cannot be read, or differs from the first one.
        """

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows, in memory or streamed; see `mlfw.Dataset.load`."""
        from mlfw_tabular.streaming import stream_splits

        if context.folder is None or not self._streams():
            return super().load(context)
        if self.validation or self.test:
            raise UserError(
                "dataset.stream: rows that are streamed are divided by mlfw, not by files.",
                "Leave dataset.validation and dataset.test out, or set dataset.stream=false.",
            )
        self._notes.clear()
        scratch = context.folder / SCRATCH
        try:
            source = self.source(scratch, context.progress)
            own = self.following(source.names)
            check_flat(source.schema, own.place(), own.drop)
            if not source.rows:
                raise UserError(
                    f"{own.place()}: holds no rows, only columns {listing(source.names)}.",
                    "Check how it was made or copied.",
                )
            splits = stream_splits(own, source, context)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        notes = as_read(self._notes, splits.schema)
        return replace(splits, findings=(*notes, *splits.findings))

    def _streams(self) -> bool:
        return self.size() > memory_bytes() * LARGEST_SHARE if self.stream is None else self.stream
