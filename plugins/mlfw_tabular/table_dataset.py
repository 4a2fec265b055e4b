"""The base of all data sets that are one table: kinds, targets, tasks, split, schema."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import mlfw
from mlfw import (
    Action,
    Column,
    Finding,
    LoadContext,
    RowSplits,
    Schema,
    Splits,
    Target,
    Task,
    UserError,
)
from mlfw.components.dataset import Progress, silent
from mlfw.errors import did_you_mean, listing
from mlfw.hints import override
from mlfw.schema.whole import whole
from mlfw_tabular.balance import Balance
from mlfw_tabular.column_names import quoting_hint

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_tabular.infer import Inferred

MOST_LISTED = 100
ALLOWED, ALL_CHECKS = "missing_target", "all"


@dataclass(frozen=True)
class Understood:
    """What has been found out about a table.

    Attributes:
        rows: Rows in storage types, the targets last.
        schema: What their columns and targets are.
        kept: Which rows of the table they are, int64 [rows].
        notes: What a person should know of how values were read.
    """

    rows: pa.Table
    schema: Schema
    kept: np.ndarray
    notes: tuple[Finding, ...]


@dataclass(kw_only=True)
class TableDataset(mlfw.Dataset):
    """A data set that is one table.

    Attributes:
        schema: A schema file such as a run keeps as data/schema.json, edited by hand: the columns
            to take, what they hold and how they are prepared, and the targets.
        target: The column to be predicted, or several for models that can.
        task: binary, multiclass, multilabel or regression; inferred from the target when left
            out.
        positive: The class that f1, precision and recall are about where there are two classes;
            the one of fewer rows when left out.
        columns: Kinds of columns, where the inferred one is not right: number, category,
            boolean, datetime, text or image. Behind a blank may stand how values are written:
            'datetime %d/%m/%Y', 'number #.###,#'.
        missing: The words that mean a missing value, such as [NA, '-', -999], in place of the usual
            ones: NA, N/A, n/a, <NA>, NaN, nan, NULL, null, None and ?. An empty value is always
            missing; [] means that no word is.
        drop: Columns to leave out.
        prepare: How models are to prepare columns, by a kind's or a column's name.
        balance: What is done about classes of very different sizes: none, weights (rows of small
            classes count more) or oversample (they are repeated).
        checks: What is done about what the checks of the data find, by a check's name or `all`:
            off, warn, fix or fail. Checks: missing_target (fix), mixed_types, infinities (fix),
            constant (fix), identifiers (fix), spellings, duplicates, rare_classes, imbalance,
            leaks, overlap, future_dates, outliers, drift, unseen, unseen_classes; those not marked
            only warn.
    """

    schema: str | None = field(default=None, metadata=mlfw.path_field())
    target: list[str] = field(default_factory=list)
    task: Task | None = None
    positive: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    missing: list[str | None] | None = None
    drop: list[str] = field(default_factory=list)
    prepare: dict[str, Any] = field(default_factory=dict)
    balance: Balance = Balance.none
    checks: dict[str, Action] = field(default_factory=dict)

    def check(self) -> None:
        """Check that there are the checks that are named."""
        if self.checks.keys() - {ALL_CHECKS}:
            from mlfw_tabular.checks import validate

            validate(self.checks)

    @abstractmethod
    def table(self, progress: Progress = silent) -> pa.Table:
        """Return all rows as they are in the source.

        Args:
            progress: Whom to tell how far the reading is.

        Raises:
            UserError: The source is not there or cannot be read.
        """

    @abstractmethod
    def place(self) -> str:
        """Return what the source is called in messages."""

    def given(self, progress: Progress = silent) -> dict[str, pa.Table]:  # noqa: ARG002
        """Return the rows that the source itself keeps apart as `validation` and `test`."""
        return {}

    def decimal_point(self) -> str:
        """Return `,` where the form of the source speaks for decimal commas; else nothing."""
        return ""

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows and their schema; see `mlfw.Dataset.load`."""
        columns, assigned = self._columns(context)
        names = list(columns)
        splits = self.following(names)._divided(columns, assigned, context)
        return splits.replace(schema=splits.schema.with_left_out(names))

    def _columns(
        self, context: LoadContext
    ) -> tuple[dict[str, pa.ChunkedArray], np.ndarray | None]:
        """Return the source's columns, and where each row belongs that is given apart."""
        from mlfw_tabular.given import with_given

        table = self.table(context.progress)
        dropped = set(self.drop) - set(self.target)
        given = self.given(context.progress)
        table, assigned = with_given(table, given, self.place(), dropped)
        return dict(zip(table.column_names, table.columns, strict=True)), assigned

    def following(self, names: Sequence[str]) -> Self:
        """Return the data set with what its schema file says; itself where there is none.

        Which words mean a missing value is read there again with the values.

        What is set in the configuration counts more than what the file says.

        Args:
            names: The source's columns.

        Raises:
            UserError: The file is not there or not as it should be, or the source lacks a column.
        """
        if not self.schema:
            return self
        from mlfw_tabular.schema_file import read_schema_file

        file = read_schema_file(Path(self.schema))
        file.check_names(names, self.place())
        target = self.target or list(file.targets)
        tasks = {task for name, task in file.tasks.items() if name in target}
        kept = {*file.keep, *target}
        said = {name: f"{each.kind} {each.format}".strip() for name, each in file.columns.items()}
        return replace(
            self,
            target=target,
            task=self.task or (tasks.pop() if len(tasks) == 1 else None),
            columns={**said, **self.columns},
            drop=[*self.drop, *(name for name in names if name not in kept)],
            prepare={**file.prepare, **self.prepare},
        )

    def _divided(
        self,
        source: dict[str, pa.ChunkedArray],
        assigned: np.ndarray | None,
        context: LoadContext,
    ) -> Splits:
        """Return the rows of a table, checked and divided; the source is let go of on the way."""
        import pyarrow as pa

        from mlfw_tabular.checks import check_rows, check_splits
        from mlfw_tabular.describe import describe
        from mlfw_tabular.memory import give_back
        from mlfw_tabular.positive import class_sizes, with_positive
        from mlfw_tabular.splitting import (
            check_assigned,
            check_keys,
            divide,
            finished,
            request_of,
            take_apart,
        )

        check_keys(pa.table(source), context.split, drop=self.drop, target=self.target)
        count = max(map(len, source.values()), default=0)
        known = self._understood(source, context.progress)
        give_back()
        notes, kept = known.notes, known.kept
        if context.split.column:
            check_assigned(known.rows, context.split.column, kept)
        checked = check_rows(
            known.rows,
            known.schema,
            self.checks,
            context,
            lost=count - len(kept),
            chosen=self.columns,
            balanced=self.balance is not Balance.none,
        )
        rows = checked.table
        sizes = class_sizes(rows, checked.schema.targets)
        schema = with_positive(checked.schema, self.positive, sizes)
        if assigned is not None:
            assigned = assigned[kept][checked.kept]
        division = divide(request_of(rows, schema, context, assigned))
        findings, how = checked.findings, Balance.weights if checked.balance else self.balance
        arrays = dict(zip(rows.column_names, rows.columns, strict=True))
        del known, checked, rows  # taken apart column by column, they are not held twice
        train, validation, test = take_apart(
            arrays, (division.train, division.validation, division.test), context.progress
        )
        columns = tuple(describe(column, whole(train[column.name])) for column in schema.columns)
        schema = Schema(columns=columns, targets=schema.targets)
        splits = Splits(train, validation, test, schema, findings=(*notes, *findings))
        return finished(check_splits(splits, self.checks, context), how, context)

    def understood(self, table: pa.Table) -> Understood:
        """Find out what the columns of a table are.

        Rows without a target and columns without a value are left out.

        Args:
            table: Rows as they are in the source.
        """
        return self._understood(dict(zip(table.column_names, table.columns, strict=True)))

    def _understood(
        self, source: dict[str, pa.ChunkedArray], progress: Progress = silent
    ) -> Understood:
        """Do as `understood`, and take each column out of the source once it is read."""
        import pyarrow as pa

        from mlfw_tabular.infer import Source, infer_and_cast_all
        from mlfw_tabular.prepare.options import prepare_options
        from mlfw_tabular.targets import plain

        self._check_columns(list(source), max(map(len, source.values()), default=0))
        for name in [n for n in source if n in self.drop and n not in self.target]:
            del source[name]
        order = list(source)
        said = self._said()
        form = Source(self.place(), self._words_for_missing(), self.decimal_point)
        own = {name: source.pop(name) for name in self.target}
        inferred, arrays = infer_and_cast_all(own, said, targets=self.target, source=form)
        for name in self.target:
            arrays[name] = plain(arrays[name])
        kept = self._usable(arrays, inferred)
        whole_table = len(kept) == len(arrays[self.target[0]])
        # Kinds follow from the rows that remain: a line of averages has no target.
        more, others = infer_and_cast_all(
            source, said, source=form, kept=None if whole_table else kept, progress=progress
        )
        if not whole_table:
            arrays = {name: values.take(pa.array(kept)) for name, values in arrays.items()}
        inferred, arrays = {**inferred, **more}, {**arrays, **others}
        described = {
            name: Column(
                name=name,
                kind=inferred[name].kind,
                format=inferred[name].format,
                missing_words=inferred[name].missing,
            )
            for name in order
            if name in self.target or arrays[name].null_count < len(arrays[name])
        }
        columns = tuple(column for name, column in described.items() if name not in self.target)
        if not columns:
            raise UserError(
                f"{self.place()}: no column is left to predict {listing(self.target)} from.",
                "Take columns out of dataset.drop, or fill them.",
            )
        names = [*(column.name for column in columns), *self.target]
        rows = pa.table({name: arrays[name] for name in names})
        rows, targets = self._targets(rows, described)
        schema = Schema(columns=prepare_options(self.prepare, columns), targets=targets)
        notes = tuple(
            Finding(check="reading", message=note.message, remedy=note.remedy, column=name)
            for name in sorted(order, key=lambda name: name not in self.target)
            for note in inferred[name].notes
        )
        return Understood(rows, schema, kept, notes)

    def _check_columns(self, names: list[str], rows: int) -> None:
        if not rows:
            raise UserError(f"{self.place()}: holds no rows, only columns {listing(names)}.")
        if not self.target:
            example = f"mlfw run ... {override('dataset.target', names[-1])}"
            raise UserError(
                f"dataset.target: not set. Which column is to be predicted? {self.place()} has "
                f"{listing(names, MOST_LISTED)}.",
                f"For example: {example}",
            )
        twice = [name for name in self.target if self.target.count(name) > 1]
        if twice:
            raise UserError(
                f"dataset.target: '{twice[0]}' is named twice.", "Name each target once."
            )
        wanted = {
            "dataset.target": self.target,
            "dataset.drop": self.drop,
            "dataset.columns": list(self.columns),
        }
        for key, asked in wanted.items():
            for name in asked:
                if name not in names:
                    raise UserError(
                        f"{key}: {self.place()} has no column '{name}'; it has "
                        f"{listing(names, MOST_LISTED)}.",
                        quoting_hint(key, name, names, self.columns)
                        or self.delimiter_hint(name, names)
                        or f"{did_you_mean(name, names, listed=True)} {self.names_hint()}".strip(),
                    )

    def names_hint(self) -> str:
        """Say what else to do where the columns' names are not as expected; empty for nothing."""
        return ""

    def delimiter_hint(self, name: str, names: list[str]) -> str:  # noqa: ARG002
        """Say what stands between values where a lone column holds the name; empty for nothing."""
        return ""

    def _said(self) -> dict[str, Inferred]:
        """Return what a person says that columns hold, by name."""
        from mlfw_tabular.infer import parse_override

        said = {name: parse_override(name, kind) for name, kind in self.columns.items()}
        if self.schema:
            from mlfw_tabular.schema_file import read_schema_file

            for name, each in read_schema_file(Path(self.schema)).columns.items():
                if name in said and each.missing is not None:
                    said[name] = replace(said[name], missing=each.missing)
        return said

    def _words_for_missing(self) -> tuple[str, ...] | None:
        """Return the words of `missing`; null in a configuration is the word `null`."""
        if self.missing is None:
            return None
        return tuple("null" if word is None else word for word in self.missing)

    def _usable(self, arrays: dict[str, pa.Array], inferred: Mapping[str, Inferred]) -> np.ndarray:
        """Return the numbers of the rows that have every target, int64 [rows].

        Raises:
            UserError: These are none, or fewer than half of all rows where nobody has said that
                the others may be left out.
        """
        import numpy as np

        from mlfw_tabular.targets import usable_rows

        count = len(arrays[self.target[0]])
        usable = np.ones(count, bool)
        for name in self.target:
            own = np.asarray(usable_rows(arrays[name], inferred[name].kind))
            usable &= own
            if not usable.any():
                raise UserError(
                    f"{self.place()}: all {count} rows are lost: none has a value in the target "
                    f"'{name}'.",
                    "Choose another dataset.target, or fill the column.",
                )
            if 2 * own.sum() < count and ALLOWED not in self.checks:
                self._refuse(name, count - int(own.sum()), count)
        return np.flatnonzero(usable)

    def _refuse(self, name: str, lost: int, count: int) -> NoReturn:
        """Say that most rows have no target, which may be a mistake.

        Raises:
            UserError: Always.
        """
        words = override("dataset.missing", [])
        raise UserError(
            f"{self.place()}: {lost:,} of {count:,} rows have no value in the target '{name}' and "
            "would be left out.",
            f"To learn from the others: {override(f'dataset.checks.{ALLOWED}', 'fix')}. If words "
            f"such as NA or None are values there: {words}. Otherwise choose another "
            "dataset.target.",
        )

    def _targets(
        self, rows: pa.Table, columns: Mapping[str, Column]
    ) -> tuple[pa.Table, tuple[Target, ...]]:
        """Return the targets, and the rows with these as splits hold them."""
        from mlfw_tabular.targets import make_target, stored

        targets = []
        for name in self.target:
            values = whole(rows[name])
            target = make_target(columns[name], values, self.task)
            index = rows.column_names.index(name)
            rows = rows.set_column(index, name, stored(values, target))
            targets.append(target)
        return rows, tuple(targets)
