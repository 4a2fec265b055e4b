"""Reading later rows: the log of a service, or any file of rows, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Column, Kind, Schema, Target, Task, UserError
from mlfw.components.dataset import Progress, silent
from mlfw.errors import listing
from mlfw.hints import command, printable
from mlfw.pipeline.row_files import row_batches
from mlfw.schema.labels import label_delimiter
from mlfw.schema.lenient import read_fitting
from mlfw.schema.names import find_columns, search_columns
from mlfw.schema.number_spelling import match_spelling
from mlfw.schema.predictions import output_names, prediction_name
from mlfw.schema.whole import whole
from mlfw.schema.words import is_string

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.plugins import Registry

LOG_KEY, LOG_VERSION = b"mlfw.log", "model_version"
PARTS = "*.parquet"


@dataclass(frozen=True)
class Batch:
    """Some later rows.

    Attributes:
        columns: The model's columns that are there, in their storage types.
        misfits: By column, how many values did not fit.
        predictions: The predictions that were logged, by target.
    """

    columns: Mapping[str, pa.Array]
    misfits: Mapping[str, int]
    predictions: Mapping[str, pa.Array]


@dataclass(frozen=True, kw_only=True)
class LaterRows:
    """Where later rows come from.

    Attributes:
        path: A file, or a folder of Parquet files.
        schema: The model's schema.
        registry: What reads files.
        options: How the run's data set was read.
        without: Columns not to look at.
        version: The model's version; predictions of others are not taken from a log.
        retry: What follows `mlfw` in the command that was typed, for messages.
    """

    path: Path
    schema: Schema
    registry: Registry
    options: Mapping[str, Any] = field(default_factory=dict)
    without: Collection[str] = ()
    version: str = ""
    retry: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """Return the files, those of a folder by name.

        Raises:
            UserError: The folder holds none.
        """
        folder = self.path
        if not folder.exists():  # the service goes on, and makes one file of its parts at its end
            folder = folder.with_name(f"{folder.name}.parts")
        if not folder.is_dir():
            return [self.path]
        found = [each for each in sorted(folder.glob(PARTS)) if each.name[0] not in "._"]
        if not found:
            raise UserError(
                f"{self.path}: no file in this folder ends in .parquet.",
                "Name the file or the folder that the service was given as `serve.log`.",
            )
        return found

    def left_out(self) -> set[str]:
        """Return the columns that the service left out of its log on purpose."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = self.files()[0]
        if file.suffix != ".parquet" or not file.is_file():
            return set()
        try:
            told = (pq.read_schema(file).metadata or {}).get(LOG_KEY, b"{}")
            return set(json.loads(told).get("left_out", ()))
        except (pa.ArrowException, OSError, ValueError, AttributeError, TypeError):
            return set()  # whatever is wrong with the file, reading it tells

    def batches(self, progress: Progress = silent) -> Iterator[Batch]:
        """Yield the rows, some at a time.

        Raises:
            UserError: A file cannot be read or a column is missing.
        """
        skipped = {*self.without, *self.left_out()}
        for file in self.files():
            found = row_batches(
                file, self.registry, self.options, progress, names=self.schema.names
            )
            for table in found:
                yield self._batch(table, skipped, str(file))

    def _batch(self, table: pa.Table, skipped: set[str], place: str) -> Batch:
        columns: dict[str, pa.Array] = {}
        misfits: dict[str, int] = {}
        wanted = [column for column in self.schema.columns if column.name not in skipped]
        found = self._find(table.column_names, [column.name for column in wanted], place)
        for column in wanted:
            values = whole(table.column(found[column.name]))
            columns[column.name], misfits[column.name] = _typed(values, column)
        return Batch(columns, misfits, self._predictions(table, place))

    def _find(self, names: list[str], wanted: list[str], place: str) -> dict[str, int]:
        found, missing = search_columns(names, wanted, place)
        if not missing:
            return found
        if not found and wanted:
            raise UserError(
                f"{place}: has none of the model's columns, {listing(map(printable, wanted))}; "
                f"found {listing(map(printable, names)) or 'none'}.",
                "Name rows like those that the model was trained on.",
            )
        without = [word for name in missing for word in ("--without", name)]
        try:
            return find_columns(names, wanted, place)
        except UserError as error:
            typed = command(*self.retry, *without)
            raise UserError(
                error.problem, f"{error.remedy} To compare the others, type: {typed}"
            ) from None

    def _predictions(self, table: pa.Table, place: str) -> dict[str, pa.Array]:
        import pyarrow.compute as pc

        if LOG_KEY in (table.schema.metadata or {}) and LOG_VERSION in table.column_names:
            table = table.filter(pc.equal(table.column(LOG_VERSION), self.version))
            if not table.num_rows:
                return {}
        shown = output_names(self.schema)
        found = {}
        for target in self.schema.targets:
            name = prediction_name(self.schema, target)
            there = search_columns(table.column_names, [shown[name]], place)[0]
            if there:
                values = whole(table.column(there[shown[name]]))
                found[target.name] = _prediction(values, target)
        return found if len(found) == len(self.schema.targets) else {}


def _typed(values: pa.Array, column: Column) -> tuple[pa.Array, int]:
    """Return a column in its storage type, and how many of its values do not fit."""
    import pyarrow as pa

    if column.kind is Kind.image and (
        pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type)
    ):
        return values, 0
    typed, misfit = read_fitting(values, column.kind, column.format, column.words_for_missing)
    if column.kind is Kind.category and column.categories:
        own = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        typed = match_spelling(typed, column.categories, text=is_string(own))
    return typed, 0 if misfit is None else int(misfit.sum())


def _prediction(values: pa.Array, target: Target) -> pa.Array:
    """Return logged predictions as numbers, texts or lists of labels."""
    if target.task is Task.regression:
        return read_fitting(values, Kind.number)[0]
    if target.task is Task.multilabel:
        return read_fitting(values, Kind.labels, label_delimiter(target), ("",))[0]
    kind = Kind.boolean if target.column.kind is Kind.boolean else Kind.category
    typed = read_fitting(values, kind)[0]
    return typed if kind is Kind.boolean else match_spelling(typed, target.classes, text=True)
