"""Rows after they are divided, as the checks see and change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlfw import Column, Kind, LoadContext, Schema, Splits
from mlfw.components.splits import SPLIT_NAMES, TRAIN
from mlfw.schema.whole import whole
from mlfw_tabular.checks.rows import splitters
from mlfw_tabular.checks.values import made_missing

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Training, validation and test rows in memory; a change makes new ones.

    Attributes:
        arrays: For each split its inputs and targets in storage types, [rows] each.
        schema: What they are.
        context: How the rows were divided.
    """

    arrays: Mapping[str, Mapping[str, pa.Array]]
    schema: Schema
    context: LoadContext = field(default_factory=LoadContext)

    @classmethod
    def of(cls, splits: Splits, context: LoadContext) -> Parts:
        """Take splits."""
        arrays = {}
        for split in SPLIT_NAMES:
            table = splits.rows(split)
            columns = zip(table.column_names, table.columns, strict=True)
            arrays[split] = {name: whole(values) for name, values in columns}
        return cls(arrays=arrays, schema=splits.schema, context=context)

    def tables(self) -> dict[str, pa.Table]:
        """Return the rows as tables, by split."""
        import pyarrow as pa

        return {split: pa.table(dict(arrays)) for split, arrays in self.arrays.items()}

    def count(self, split: str) -> int:
        """Return how many rows a split has."""
        return len(next(iter(self.arrays[split].values())))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The inputs, but those that the rows are divided by."""
        held = splitters(self.context)
        return tuple(column for column in self.schema.columns if column.name not in held)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of `columns`."""
        return tuple(column.name for column in self.columns)

    def of_kind(self, *kinds: Kind) -> list[tuple[Column, dict[str, pa.Array]]]:
        """Return the inputs of some kinds with their values by split."""
        return [
            (column, {split: self.arrays[split][column.name] for split in SPLIT_NAMES})
            for column in self.columns
            if column.kind in kinds
        ]

    def without_columns(self, names: Collection[str]) -> Parts:
        """Return all splits without some inputs."""
        columns = tuple(column for column in self.schema.columns if column.name not in names)
        arrays = {
            split: {name: values for name, values in own.items() if name not in names}
            for split, own in self.arrays.items()
        }
        return replace(self, arrays=arrays, schema=replace(self.schema, columns=columns))

    def without_rows(self, rows: np.ndarray) -> Parts:
        """Return the splits without the training rows that are marked, bool [training rows]."""
        import pyarrow as pa

        left = pa.array(~rows)
        train = {name: values.filter(left) for name, values in self.arrays[TRAIN].items()}
        return replace(self, arrays={**self.arrays, TRAIN: train})

    def with_missing(self, places: Mapping[str, Mapping[str, np.ndarray]]) -> Parts:
        """Return the splits with values missing where columns are marked, by split bool [rows]."""
        arrays = {split: dict(own) for split, own in self.arrays.items()}
        missing = set()
        for name, by_split in places.items():
            for split, rows in by_split.items():
                arrays[split][name] = made_missing(arrays[split][name], rows)
            if TRAIN in by_split and by_split[TRAIN].any():
                missing.add(name)
        columns = tuple(
            replace(column, missing=True) if column.name in missing else column
            for column in self.schema.columns
        )
        return replace(self, arrays=arrays, schema=replace(self.schema, columns=columns))

    def with_training(self, changed: Mapping[str, pa.Array]) -> Parts:
        """Return the splits with some columns of the training rows changed."""
        return replace(self, arrays={**self.arrays, TRAIN: {**self.arrays[TRAIN], **changed}})
