"""Writing one split of many rows as Parquet, and noting what its columns hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    """Writes the rows of a split that a job reads.

    Args:
        path: The Parquet file; there is none where no row is written.
        schema: What the rows are.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path = path
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._held = WrittenSplit(path.parent, schema)

    def write(self, rows: pa.Table) -> None:
        """Write rows, in groups of bounded size."""
        if not rows.num_rows:
            return
        self._held.note(rows)
        self._waiting.append(rows)
        if sum(table.num_rows for table in self._waiting) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.concat_tables(self._waiting)
        self._waiting = []
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="lz4")
        self._writer.write_table(table, row_group_size=GROUP_ROWS)

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self._waiting:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def to_json(self) -> dict[str, Any]:
        """Return what the rows hold; see `WrittenSplit.join`."""
        return self._held.to_json()


class WrittenSplit:
    """What the rows of a split hold.

    Args:
        folder: Where they are written.
        schema: What they are.

    Attributes:
        rows: How many there are.
    """

    def __init__(self, folder: Path, schema: Schema) -> None:
        self.folder = folder
        self.schema = schema
        self.rows = 0
        self._columns: dict[str, Column] = {}
        self._sizes: dict[str, np.ndarray] = {}

    def note(self, rows: pa.Table) -> None:
        """Note what the columns hold, and how many rows each class has."""
        import numpy as np

        self.rows += rows.num_rows
        for column in self.schema.columns:
            self._note_column(describe(column, rows[column.name].combine_chunks()))
        for target in self.schema.targets:
            if target.task.is_classification:
                codes = np.asarray(self.schema.single(target).codes(rows))
                sizes = np.bincount(codes, minlength=len(target.classes))
                self._sizes[target.name] = self._sizes.get(target.name, 0) + sizes

    def _note_column(self, column: Column) -> None:
        self._columns[column.name] = _joined(self._columns.get(column.name, column), column)

    def to_json(self) -> dict[str, Any]:
        """Return what was noted as JSON data."""
        columns = Schema(columns=tuple(self._columns.values()), targets=())
        return {
            "rows": self.rows,
            "columns": columns.to_json(),
            "sizes": {name: sizes.tolist() for name, sizes in self._sizes.items()},
        }

    def join(self, part: Mapping[str, Any]) -> None:
        """Add what was noted of other rows; see `to_json`."""
        import numpy as np

        self.rows += part["rows"]
        for column in Schema.from_json(part["columns"]).columns:
            self._note_column(column)
        for name, sizes in part["sizes"].items():
            self._sizes[name] = self._sizes.get(name, 0) + np.asarray(sizes)

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


def _joined(a: Column, b: Column) -> Column:
    """Return what two parts of a column hold together."""
    categories = a.categories
    if a.kind is Kind.category and len(categories) < MOST_CATEGORIES:
        categories = tuple(sorted({*a.categories, *b.categories}))
    return replace(
        a, categories=categories, integer=a.integer and b.integer, missing=a.missing or b.missing
    )
