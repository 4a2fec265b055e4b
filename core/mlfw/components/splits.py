"""Rows of typed columns, divided: in memory, or in files that are read batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.components.finding import Finding
from mlfw.files import digest

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from mlfw.schema import Schema

TRAIN, VALIDATION, TEST = SPLIT_NAMES = ("train", "validation", "test")
# A batch has at most so many rows, and only so many bytes where that makes a few rows: images and
# long texts would fill the memory, and nothing would be told of them for long.
ROWS_AT_ONCE = 65_536
BYTES_AT_ONCE = 16 << 20
FEW_ROWS = 256
BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class Fold:
    """One way of dividing the training and validation rows anew.

    Attributes:
        train: Numbers of the rows to learn from, int64 [rows], ascending; in the table of the
            training rows followed by the validation rows. A number stands there several times
            where its row is to count so.
        validation: Numbers of the rows to judge on, int64 [rows], ascending.
    """

    train: np.ndarray
    validation: np.ndarray


class Splits:
    """Rows of typed columns in memory, divided, and the schema they follow.

    Attributes:
        schema: What the columns are.
        findings: What the checks have found.
        key: What the rows follow from, as a short text; empty where that is not known.
    """

    def __init__(
        self,
        train: pa.Table | Callable[[], pa.Table],
        validation: pa.Table | Callable[[], pa.Table],
        test: pa.Table | Callable[[], pa.Table],
        schema: Schema,
        *,
        findings: tuple[Finding, ...] = (),
        key: str = "",
        folds: tuple[Fold, ...] | Callable[[], tuple[Fold, ...]] = (),
    ) -> None:
        """Take tables and folds, or what reads them when they are first used."""
        self._tables: dict[str, Any] = {TRAIN: train, VALIDATION: validation, TEST: test}
        self.schema = schema
        self.findings = findings
        self.key = key
        self._folds = folds

    @property
    def folds(self) -> tuple[Fold, ...]:
        """How to divide the training and validation rows anew; empty without cross-validation."""
        if callable(self._folds):
            self._folds = self._folds()
        return self._folds

    def fold(self, number: int) -> Splits:
        """Return a fold's rows as training and validation rows, and the test rows as they are.

        Args:
            number: Which of `folds`, from 0.
        """
        fold = self.folds[number]
        return self.replace(
            train=lambda: self._pool(fold.train),
            validation=lambda: self._pool(fold.validation),
            key=digest([self.key, "fold", number]) if self.key else "",
            folds=(),
        )

    def _pool(self, numbers: np.ndarray) -> pa.Table:
        """Return some of the training and validation rows."""
        import pyarrow as pa

        both = pa.concat_tables([self.train, self.validation])
        return both.unify_dictionaries().take(pa.array(numbers))

    @property
    def train(self) -> pa.Table:
        """Rows to learn from, with the targets as the last columns."""
        return self.rows(TRAIN)

    @property
    def validation(self) -> pa.Table:
        """Rows that steer training and tuning."""
        return self.rows(VALIDATION)

    @property
    def test(self) -> pa.Table:
        """Rows for the final measurement."""
        return self.rows(TEST)

    def rows(self, split: str) -> pa.Table:
        """Return the rows of `train`, `validation` or `test`."""
        if callable(self._tables[split]):
            self._tables[split] = self._tables[split]()
        return self._tables[split]

    def count(self, split: str) -> int:
        """Return how many rows a split has."""
        return int(self.rows(split).num_rows)

    def batches(self, split: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Yield a split's rows in order, in tables of bounded size.

        Args:
            split: `train`, `validation` or `test`.
            columns: Only these columns.
        """
        rows = self.rows(split)
        if columns is not None:
            rows = rows.select(columns)
        yield from pieces(rows)

    def replace(self, **changes: Any) -> Splits:
        """Return the same with some of train, validation, test, schema and so on changed."""
        values = {**self._tables, **self._others(), **changes}
        return Splits(**values)

    def _others(self) -> dict[str, Any]:
        return {
            "schema": self.schema,
            "findings": self.findings,
            "key": self.key,
            "folds": self._folds,
        }


@dataclass(frozen=True, kw_only=True)
class StreamedSplits:
    """Rows of typed columns that are too many for memory: Parquet files, read batch by batch.

    Attributes:
        files: The files of each split, in order.
        schema: What the columns are.
        findings: What the checks have found in a sample.
        key: What the rows follow from, as a short text; empty where that is not known.
    """

    files: Mapping[str, tuple[Path, ...]]
    schema: Schema
    findings: tuple[Finding, ...] = ()
    key: str = ""

    def count(self, split: str) -> int:
        """Return how many rows a split has."""
        import pyarrow.parquet as pq

        return sum(pq.read_metadata(file).num_rows for file in self.files[split])

    def batches(self, split: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
        """Yield a split's rows in order, in tables of bounded size; see `Splits.batches`.

        Files may hold more columns than the schema: these are not read.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        if columns is None:
            columns = [*self.schema.names, *(target.name for target in self.schema.targets)]
        for path in self.files[split]:
            # What is read ahead by default is kept until the file is closed: all of it.
            with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
                size = _batch_rows(_stored_bytes(file.metadata), file.metadata.num_rows)
                for batch in file.iter_batches(size, columns=columns):
                    yield pa.Table.from_batches([batch])

    def sample(self, split: str, rows: int, seed: int) -> pa.Table:
        """Return about so many rows of a split, taken evenly from all of it.

        Args:
            split: `train`, `validation` or `test`.
            rows: How many are wanted; all rows where there are no more.
            seed: What decides which.
        """
        import numpy as np
        import pyarrow as pa

        share = min(rows / max(self.count(split), 1), 1.0)
        random = np.random.default_rng(seed)
        taken = [
            batch.filter(pa.array(random.random(batch.num_rows) < share)) if share < 1 else batch
            for batch in self.batches(split)
        ]
        return pa.concat_tables(taken)


RowSplits = Splits | StreamedSplits


def pieces(rows: pa.Table) -> Iterator[pa.Table]:
    """Yield a table's rows in order, in tables of bounded size; one if there are none."""
    size = _batch_rows(rows.nbytes, rows.num_rows)
    for start in range(0, max(rows.num_rows, 1), size):
        yield rows.slice(start, size)


def _batch_rows(size: int, rows: int) -> int:
    """Return how many rows a batch has where `rows` of them take `size` bytes."""
    return min(max(BYTES_AT_ONCE * rows // max(size, 1), FEW_ROWS), ROWS_AT_ONCE)


def _stored_bytes(metadata: pq.FileMetaData) -> int:
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return sum(group.total_byte_size for group in groups)


def first_rows(splits: RowSplits, name: str, most: int) -> Iterator[pa.Table]:
    """Yield the first rows of a split, in batches.

    Args:
        splits: The splits.
        name: Which one.
        most: The largest number of rows.
    """
    for batch in splits.batches(name):
        if most <= 0:
            return
        rows = batch.slice(0, most)
        most -= rows.num_rows
        if rows.num_rows:
            yield rows
