"""The schema: columns, kinds, targets and tasks, made once and followed everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw.errors import UserError, did_you_mean, listing
from mlfw.files import read_json, write_json
from mlfw.schema.kinds import Kind, Task
from mlfw.schema.whole import whole
from mlfw.schema.words import MISSING_WORDS

if TYPE_CHECKING:
    import pyarrow as pa

NO_WORDS = "missing_words"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One named, typed column.

    Attributes:
        name: The column's name.
        kind: What it holds.
        format: How a value is written as text, where that is not the kind's usual way; see
            `mlfw.schema.formats`. For labels, what stands between two of them.
        categories: The values seen in training, for a category.
        integer: Whether every number seen was whole.
        missing: Whether values were missing in training.
        missing_words: The words that mean a missing value beside an empty one, where they are not
            the usual ones.
        prepare: How models are to prepare it, where that is not the kind's usual way.
    """

    name: str
    kind: Kind
    format: str = ""
    categories: tuple[str, ...] = ()
    integer: bool = False
    missing: bool = False
    missing_words: tuple[str, ...] | None = None
    prepare: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words_for_missing(self) -> tuple[str, ...]:
        """The words that mean a missing value, the empty one included."""
        return MISSING_WORDS if self.missing_words is None else ("", *self.missing_words)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A column to be predicted.

    Attributes:
        column: The column.
        task: What kind of prediction it is.
        classes: The classes as text, sorted; for multi-label the labels. Of a binary task the
            negative class comes first and the positive one last. Empty for regression.
        weights: How much a row of each class counts in training; empty where all count the same.
    """

    column: Column
    task: Task
    classes: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def positive(self) -> str:
        """The positive class of a binary task; empty for other tasks."""
        return self.classes[-1] if self.task is Task.binary and self.classes else ""


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What a model takes and gives.

    Attributes:
        columns: The input columns, in order.
        targets: What is to be predicted: one target, or several for models that can.
        left_out: The names of further columns of the training data, which models do not use.
    """

    columns: tuple[Column, ...]
    targets: tuple[Target, ...]
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        columns: tuple[Column, ...],
        target: Column,
        task: Task,
        classes: tuple[str, ...] = (),
        weights: tuple[float, ...] = (),
    ) -> Schema:
        """Return a schema with one target; see `Target`."""
        return cls(
            columns=columns,
            targets=(Target(column=target, task=task, classes=classes, weights=weights),),
        )

    @property
    def only(self) -> Target:
        """The target, where there is one.

        Raises:
            ValueError: There are several.
        """
        (target,) = self.targets
        return target

    @property
    def target(self) -> Column:
        """The column of the only target."""
        return self.only.column

    @property
    def task(self) -> Task:
        """The task of the only target."""
        return self.only.task

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the only target."""
        return self.only.classes

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The input columns' names."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def all_names(self) -> tuple[str, ...]:
        """The names of the input columns and of the targets."""
        return (*self.names, *(target.name for target in self.targets))

    def with_left_out(self, names: Iterable[str]) -> Schema:
        """Return the schema with those columns of the training data that it does not name.

        Args:
            names: All columns of the training data.
        """
        return replace(self, left_out=tuple(n for n in names if n not in self.all_names))

    def single(self, target: Target) -> Schema:
        """Return the schema of one of several targets."""
        return Schema(columns=self.columns, targets=(target,))

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
            did_you_mean(name, self.names, listed=True),
        )

    def codes(self, table: pa.Table) -> pa.Array:
        """Return the only target's class numbers, int64 [rows], 0 for the first class.

        Args:
            table: Conformed rows that hold the target.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        labels = whole(table[self.target.name]).cast(pa.string())
        return pc.index_in(labels, pa.array(self.classes, pa.string())).cast(pa.int64())

    def indicators(self, table: pa.Table) -> pa.Array:
        """Return which labels each row has, fixed-size list<int8>[labels] of 0 and 1, [rows].

        Labels that the schema does not know are left out.

        Args:
            table: Conformed rows that hold the only target, whose task is multi-label.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        lists = whole(table[self.target.name])
        parents = np.asarray(pc.list_parent_indices(lists))
        labels = pc.index_in(pc.list_flatten(lists), pa.array(self.classes, pa.string()))
        known = np.asarray(pc.is_valid(labels))
        held = np.zeros((len(lists), len(self.classes)), np.int8)
        held[parents[known], np.asarray(labels.drop_null())] = 1
        return pa.FixedSizeListArray.from_arrays(pa.array(held.reshape(-1)), len(self.classes))

    def to_json(self) -> dict[str, Any]:
        """Return the schema as JSON data, what is empty or false left out."""
        left_out = {"left_out": list(self.left_out)} if self.left_out else {}
        return {
            "columns": [_told(asdict(column)) for column in self.columns],
            "targets": [
                _told({**asdict(target), "column": _told(asdict(target.column))})
                for target in self.targets
            ],
            **left_out,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Schema:
        """Build a schema from what `to_json` returned."""
        return cls(
            columns=tuple(_column(column) for column in data["columns"]),
            targets=tuple(_target(target) for target in data["targets"]),
            left_out=tuple(data.get("left_out", ())),
        )

    def save(self, path: Path) -> None:
        """Write the schema as JSON."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Read a schema that `save` wrote."""
        return cls.from_json(read_json(path))


def _told(data: dict[str, Any]) -> dict[str, Any]:
    # A column for which no word means a missing value says so.
    return {key: value for key, value in data.items() if value or (value == () and key == NO_WORDS)}


def _column(data: dict[str, Any]) -> Column:
    kind, categories = Kind(data["kind"]), tuple(data.get("categories", ()))
    missing = data.get(NO_WORDS)
    words = None if missing is None else tuple(missing)
    return Column(**{**data, "kind": kind, "categories": categories, NO_WORDS: words})


def _target(data: dict[str, Any]) -> Target:
    return Target(
        column=_column(data["column"]),
        task=Task(data["task"]),
        classes=tuple(data.get("classes", ())),
        weights=tuple(data.get("weights", ())),
    )
