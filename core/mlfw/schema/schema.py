"""The schema: columns, kinds, vocabularies, target and task, made once and followed everywhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.errors import UserError, did_you_mean, listing
from mlfw.files import read_json, write_json
from mlfw.schema.kinds import Kind, Task

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Column:
    """One named, typed column.

    Attributes:
        name: The column's name.
        kind: What it holds.
        categories: The values seen in training, for a category.
        integer: Whether every number seen was whole.
        missing: Whether values were missing in training.
    """

    name: str
    kind: Kind
    categories: tuple[str, ...] = ()
    integer: bool = False
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What a model takes and gives.

    Attributes:
        columns: The input columns, in order.
        target: The column to be predicted.
        task: What kind of prediction it is.
        classes: The target's classes as text, sorted, for classification. For a binary task the
            last one is the positive class.
    """

    columns: tuple[Column, ...]
    target: Column
    task: Task
    classes: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The input columns' names."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the input column of that name.

        Raises:
            UserError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise UserError(
            f"column '{name}': not in the data; columns are {listing(self.names)}.",
            did_you_mean(name, self.names),
        )

    def codes(self, table: pa.Table) -> pa.Array:
        """Return the target's class numbers, int64 [rows], 0 for the first class.

        Args:
            table: Conformed rows that hold the target.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        labels = table[self.target.name].combine_chunks().cast(pa.string())
        return pc.index_in(labels, pa.array(self.classes, pa.string())).cast(pa.int64())

    def to_json(self) -> dict[str, Any]:
        """Return the schema as JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Schema:
        """Build a schema from what `to_json` returned."""
        return cls(
            columns=tuple(_column(column) for column in data["columns"]),
            target=_column(data["target"]),
            task=Task(data["task"]),
            classes=tuple(data["classes"]),
        )

    def save(self, path: Path) -> None:
        """Write the schema as JSON."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Read a schema that `save` wrote."""
        return cls.from_json(read_json(path))


def _column(data: dict[str, Any]) -> Column:
    return Column(**{**data, "kind": Kind(data["kind"]), "categories": tuple(data["categories"])})
