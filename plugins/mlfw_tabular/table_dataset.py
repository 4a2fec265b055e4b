"""The base of all data sets that are one table: kinds, target, task, split, schema."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mlfw
from mlfw import Column, Kind, LoadContext, Schema, Splits, Task, UserError
from mlfw.errors import did_you_mean, listing
from mlfw.schema.conform import cast_column
from mlfw_tabular.infer import infer_kind, infer_task
from mlfw_tabular.split import divide

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_LISTED = 100


@dataclass(kw_only=True)
class TableDataset(mlfw.Dataset):
    """A data set that is one table.

    Attributes:
        target: The column to be predicted.
        task: binary, multiclass or regression; inferred from the target when left out.
        columns: Kinds of columns, where the inferred one is not right: number, category,
            boolean, datetime or text.
        drop: Columns to leave out.
    """

    target: str = ""
    task: Task | None = None
    columns: dict[str, Kind] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)

    @abstractmethod
    def table(self) -> pa.Table:
        """Return all rows as they are in the source.

        Raises:
            UserError: The source is not there or cannot be read.
        """

    @abstractmethod
    def place(self) -> str:
        """Return what the source is called in messages."""

    def load(self, context: LoadContext) -> Splits:
        """Return the divided rows and their schema; see `mlfw.Dataset.load`."""
        split, seed = context.split, context.seed
        table = self.table()
        self._check_columns(table)
        kinds = self._kinds(table)
        rows = self._typed(table, kinds)
        task, integer = self._task(rows, kinds[self.target])
        rows = _as_target(rows, self.target, task)
        classes = self._classes(rows, task)
        target = Column(name=self.target, kind=kinds[self.target], integer=integer)
        labels = _labels(rows, target, task, classes) if split.stratify else None
        train, validation, test = (
            rows.take(part) for part in divide(rows.num_rows, labels, split, seed)
        )
        columns = tuple(
            _describe(name, kinds[name], train) for name in kinds if name != self.target
        )
        schema = Schema.of(columns, target, task, classes)
        return Splits(train, validation, test, schema)

    def _check_columns(self, table: pa.Table) -> None:
        names = table.column_names
        if not table.num_rows:
            raise UserError(f"{self.place()}: holds no rows, only columns {listing(names)}.")
        if not self.target:
            example = f"mlfw run ... dataset.target={_quoted(names[-1])}"
            raise UserError(
                f"dataset.target: not set. Which column is to be predicted? {self.place()} has "
                f"{listing(names, MOST_LISTED)}.",
                f"For example: {example}",
            )
        wanted = {
            "dataset.target": [self.target],
            "dataset.drop": self.drop,
            "dataset.columns": list(self.columns),
        }
        for key, asked in wanted.items():
            for name in asked:
                if name not in names:
                    raise UserError(
                        f"{key}: {self.place()} has no column '{name}'; it has "
                        f"{listing(names, MOST_LISTED)}.",
                        did_you_mean(name, names),
                    )

    def _kinds(self, table: pa.Table) -> dict[str, Kind]:
        """Return the kinds of the columns to keep; one without any value is left out."""
        kinds: dict[str, Kind] = {}
        for name in table.column_names:
            if name in self.drop and name != self.target:
                continue
            values = table[name].combine_chunks()
            kind = self.columns.get(name) or infer_kind(values)
            if name == self.target:
                kinds[name] = self.columns.get(name) or _target_kind(kind, values.type)
            elif values.null_count < len(values):
                kinds[name] = kind
        if len(kinds) < 2:
            raise UserError(
                f"{self.place()}: no column is left to predict '{self.target}' from.",
                "Take columns out of dataset.drop.",
            )
        return kinds

    def _typed(self, table: pa.Table, kinds: dict[str, Kind]) -> pa.Table:
        """Return the rows that have a target, in storage types, the target last."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names = [*(name for name in kinds if name != self.target), self.target]
        arrays = {
            name: cast_column(table, Column(name=name, kind=kinds[name]), place=self.place())
            for name in names
        }
        empty = [name for name in names[:-1] if arrays[name].null_count == len(arrays[name])]
        for name in empty:
            del arrays[name], kinds[name]
        target = arrays[self.target]
        usable = pc.is_valid(target)
        if kinds[self.target] is Kind.number:
            usable = pc.fill_null(pc.is_finite(target), False)
        rows = pa.table(arrays).filter(usable)
        if not rows.num_rows:
            raise UserError(
                f"{self.place()}: all {table.num_rows} rows are lost: none has a value in the "
                f"target '{self.target}'.",
                "Choose another dataset.target, or fill the column.",
            )
        return rows

    def _task(self, rows: pa.Table, kind: Kind) -> tuple[Task, bool]:
        """Return the task, and whether the target's numbers are all whole."""
        import pyarrow.compute as pc

        values = rows[self.target].combine_chunks()
        inferred = infer_task(self.target, values, kind) if self.task is None else self.task
        whole = kind is Kind.number and pc.all(pc.equal(pc.round(values), values)).as_py()
        if inferred is Task.regression and kind is not Kind.number:
            raise UserError(
                f"dataset.task=regression: the target '{self.target}' is a {kind}, not a number."
            )
        if inferred.is_classification and kind is Kind.number and not whole:
            raise UserError(
                f"dataset.task={inferred}: the target '{self.target}' holds fractions.",
                f"Set dataset.task=regression, or dataset.columns.{self.target}=category.",
            )
        return inferred, bool(whole)

    def _classes(self, rows: pa.Table, task: Task) -> tuple[str, ...]:
        import pyarrow.compute as pc

        values = rows[self.target].combine_chunks().unique()
        if not task.is_classification:
            if len(values) < 2:
                raise UserError(f"dataset.target={self.target}: every value is {values[0]}.")
            return ()
        classes = values.take(pc.array_sort_indices(values)).cast("string").to_pylist()
        if len(classes) < 2:
            raise UserError(
                f"dataset.target={self.target}: only one class, '{classes[0]}'; at least two are "
                "needed to learn from.",
                "Add rows of another class, or choose another target.",
            )
        if task is Task.binary and len(classes) > 2:
            raise UserError(
                f"dataset.task=binary: the target '{self.target}' has {len(classes)} classes: "
                f"{listing(classes)}.",
                "Set dataset.task=multiclass.",
            )
        return tuple(classes)


def _target_kind(kind: Kind, stored: pa.DataType) -> Kind:
    """Let the words of a target stand for its classes: what is `yes` stays `yes`."""
    import pyarrow as pa

    if kind is Kind.text or (kind is Kind.boolean and not pa.types.is_boolean(stored)):
        return Kind.category
    return kind


def _as_target(rows: pa.Table, name: str, task: Task) -> pa.Table:
    """Store whole-number classes as integers, so that their text has no decimal point."""
    import pyarrow as pa

    if task.is_classification and pa.types.is_floating(rows[name].type):
        index = rows.column_names.index(name)
        return rows.set_column(index, name, rows[name].cast(pa.int64()))
    return rows


def _labels(
    rows: pa.Table, target: Column, task: Task, classes: tuple[str, ...]
) -> np.ndarray | None:
    import numpy as np

    if not task.is_classification:
        return None
    schema = Schema.of((), target, task, classes)
    return np.asarray(schema.codes(rows))


def _describe(name: str, kind: Kind, train: pa.Table) -> Column:
    """Describe an input column by what its training rows hold."""
    import pyarrow.compute as pc

    values = train[name].combine_chunks()
    categories: list[str] = []
    integer = False
    if kind is Kind.category:
        categories = sorted(values.drop_null().unique().to_pylist())
    if kind is Kind.number:
        integer = bool(pc.all(pc.equal(pc.round(values), values)).as_py())
    return Column(
        name=name,
        kind=kind,
        categories=tuple(categories),
        integer=integer,
        missing=values.null_count > 0,
    )


def _quoted(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else f"'{name}'"
