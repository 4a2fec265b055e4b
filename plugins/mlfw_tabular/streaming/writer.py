"""Writing one split of many rows as Parquet, and noting what its columns hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlfw import Column, Kind, Schema
from mlfw_tabular.balance import Balance, class_weights
from mlfw_tabular.describe import describe

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

GROUP_ROWS = 131_072
MOST_CATEGORIES = 10_000


class SplitWriter:
    """Writes the rows of a split.

    Attributes:
        rows: How many have been written.
    """

    def __init__(self, folder: Path, schema: Schema) -> None:
        self.folder = folder
        self.schema = schema
        self.rows = 0
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._columns: dict[str, Column] = {}
        self._sizes: dict[str, np.ndarray] = {}

    def __enter__(self) -> Self:
        """Make the folder."""
        self.folder.mkdir()
        return self

    def write(self, rows: pa.Table) -> None:
        """Write rows, in groups of bounded size."""
        self.rows += rows.num_rows
        self._waiting.append(rows)
        self._note(rows)
        if sum(table.num_rows for table in self._waiting) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.concat_tables(self._waiting)
        self._waiting = []
        if self._writer is None:
            path = self.folder / "part-00000.parquet"
            self._writer = pq.ParquetWriter(path, table.schema, compression="lz4")
        self._writer.write_table(table, row_group_size=GROUP_ROWS)

    def _note(self, rows: pa.Table) -> None:
        """Note what the columns hold, and how many rows each class has."""
        import numpy as np

        for column in self.schema.columns:
            here = describe(column, rows[column.name].combine_chunks())
            before = self._columns.get(column.name, here)
            self._columns[column.name] = _joined(before, here)
        for target in self.schema.targets:
            if target.task.is_classification:
                codes = np.asarray(self.schema.single(target).codes(rows))
                sizes = np.bincount(codes, minlength=len(target.classes))
                self._sizes[target.name] = self._sizes.get(target.name, 0) + sizes

    def described(self, balance: Balance) -> Schema:
        """Return the schema with what the columns hold, and class weights where asked."""
        targets = list(self.schema.targets)
        if balance is Balance.weights:
            for place, target in enumerate(targets):
                if target.name in self._sizes:
                    weights = class_weights(self._sizes[target.name])
                    targets[place] = replace(target, weights=weights)
                    break
        columns = tuple(self._columns[column.name] for column in self.schema.columns)
        return Schema(columns=columns, targets=tuple(targets))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what waits, and close the file."""
        if kind is None and self._waiting:
            self._flush()
        if self._writer is not None:
            self._writer.close()


def _joined(a: Column, b: Column) -> Column:
    """Return what two parts of a column hold together."""
    categories = a.categories
    if a.kind is Kind.category and len(categories) < MOST_CATEGORIES:
        categories = tuple(sorted({*a.categories, *b.categories}))
    return replace(
        a, categories=categories, integer=a.integer and b.integer, missing=a.missing or b.missing
    )
