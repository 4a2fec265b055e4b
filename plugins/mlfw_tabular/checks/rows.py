"""Rows before they are divided, as the checks see and change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlfw import Column, Kind, LoadContext, Schema, Target
from mlfw.schema.whole import whole
from mlfw_tabular.checks.values import made_missing

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows with their targets, in memory; a change makes new ones.

    Attributes:
        arrays: The inputs and the targets in storage types, [rows] each.
        schema: The inputs' kinds, and the targets with their tasks and classes.
        kept: Which rows of the first ones these are, int64 [rows].
        context: How the rows will be divided.
        lost: How many rows were left out already for want of a target.
        chosen: Columns whose kind the user has named.
        balanced: Whether the user has chosen how to balance classes.
        balance: Whether a fix asks for class weights.
    """

    arrays: Mapping[str, pa.Array]
    schema: Schema
    kept: np.ndarray
    context: LoadContext = field(default_factory=LoadContext)
    lost: int = 0
    chosen: frozenset[str] = frozenset()
    balanced: bool = False
    balance: bool = False

    @classmethod
    def of(cls, table: pa.Table, schema: Schema) -> Rows:
        """Take a table that holds the schema's inputs and targets."""
        import numpy as np

        columns = zip(table.column_names, table.columns, strict=True)
        arrays = {name: whole(values) for name, values in columns}
        return cls(arrays=arrays, schema=schema, kept=np.arange(table.num_rows))

    def table(self) -> pa.Table:
        """Return the rows as a table, its columns in the order of the first one."""
        import pyarrow as pa

        return pa.table(dict(self.arrays))

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.kept)

    @property
    def splitters(self) -> frozenset[str]:
        """The columns that the rows are divided by, which no check may take away."""
        return splitters(self.context)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The inputs, but those that the rows are divided by."""
        held = self.splitters
        return tuple(column for column in self.schema.columns if column.name not in held)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of `columns`."""
        return tuple(column.name for column in self.columns)

    def of_kind(self, *kinds: Kind) -> list[tuple[Column, pa.Array]]:
        """Return the inputs of some kinds with their values."""
        return [
            (column, self.arrays[column.name]) for column in self.columns if column.kind in kinds
        ]

    def without_columns(self, names: Collection[str]) -> Rows:
        """Return the rows without some inputs."""
        columns = tuple(column for column in self.schema.columns if column.name not in names)
        arrays = {name: values for name, values in self.arrays.items() if name not in names}
        return replace(self, arrays=arrays, schema=replace(self.schema, columns=columns))

    def without_rows(self, rows: np.ndarray) -> Rows:
        """Return the rows but those marked, bool [rows]."""
        import pyarrow as pa

        left = pa.array(~rows)
        arrays = {name: values.filter(left) for name, values in self.arrays.items()}
        return replace(self, arrays=arrays, kept=self.kept[~rows])

    def with_missing(self, places: Mapping[str, np.ndarray]) -> Rows:
        """Return the rows with values missing where columns are marked, bool [rows]."""
        made = {name: made_missing(self.arrays[name], rows) for name, rows in places.items()}
        return replace(self, arrays={**self.arrays, **made})

    def with_column(self, column: Column, values: pa.Array) -> Rows:
        """Return the rows with one input changed."""
        columns = tuple(column if c.name == column.name else c for c in self.schema.columns)
        return replace(
            self,
            arrays={**self.arrays, column.name: values},
            schema=replace(self.schema, columns=columns),
        )

    def with_target(self, target: Target) -> Rows:
        """Return the rows with what is known of one target changed."""
        targets = tuple(target if t.name == target.name else t for t in self.schema.targets)
        return replace(self, schema=replace(self.schema, targets=targets))


def splitters(context: LoadContext) -> frozenset[str]:
    """Return the columns that rows are divided by."""
    split = context.split
    return frozenset(name for name in (split.group, split.time, split.column) if name)
