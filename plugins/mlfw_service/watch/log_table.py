"""Logged requests as tables: the schema's columns, the predictions, when, by which model."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mlfw import Column, Kind, Schema, Task
from mlfw.schema import free_name, storage_type
from mlfw.schema.lenient import read_fitting
from mlfw.schema.predictions import output_names, prediction_name

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
KEY = b"mlfw.log"
TIME, ID, MODEL, VERSION = "request_time", "request_id", "model", "model_version"


class Logged(NamedTuple):
    """The rows of one request.

    Attributes:
        time: When they were predicted, in microseconds since 1970.
        rows: A list of dicts, or a table.
        predictions: A table of as many rows.
        model: The name of the model.
        version: Its version.
        number: The request's id.
    """

    time: int
    rows: Any
    predictions: pa.Table
    model: str
    version: str
    number: str


@dataclass(frozen=True)
class LogTable:
    """Turns logged requests into a table.

    Attributes:
        schema: The model's schema.
        left_out: Columns that are not logged.
    """

    schema: Schema
    left_out: Collection[str] = ()

    def arrow_schema(self) -> pa.Schema:
        """Return the types of the table's columns, with what is left out in the metadata."""
        import pyarrow as pa

        own = (pa.timestamp("us", tz="UTC"), pa.string(), pa.string(), pa.string())
        fields = list(zip(self._own_names(), own, strict=True))
        fields += [(column.name, _type(column)) for column in self._columns()]
        shown = output_names(self.schema)
        fields += [(shown[name], kind) for name, kind in self._outputs()]
        told = {"format": FORMAT, "left_out": sorted(self.left_out)}
        return pa.schema(fields, {KEY: json.dumps(told).encode()})

    def of(self, requests: Sequence[Logged]) -> pa.Table:
        """Return the rows of some requests."""
        import pyarrow as pa

        schema = self.arrow_schema()
        parts = [self._part(each, schema) for each in _joined(requests)]
        return pa.concat_tables(parts)

    def _part(self, logged: Logged, schema: pa.Schema) -> pa.Table:
        import pyarrow as pa

        rows, count = logged.rows, logged.predictions.num_rows
        texts = (logged.number, logged.model, logged.version)
        own = [each if isinstance(each, list) else [each] * count for each in (logged.time, *texts)]
        arrays = [pa.array(values, field.type) for values, field in zip(own, schema, strict=False)]
        for column in self._columns():
            values = (
                [row.get(column.name) for row in rows]
                if isinstance(rows, list)
                else _column(rows, column.name)
            )
            arrays.append(_typed(values, column, count))
        shown, there = output_names(self.schema), set(logged.predictions.column_names)
        for name, kind in self._outputs():
            own_name = shown[name] if shown[name] in there else name
            arrays.append(logged.predictions.column(own_name).cast(kind))
        chunked = [
            each if isinstance(each, pa.ChunkedArray) else pa.chunked_array([each])
            for each in arrays
        ]
        return pa.table(chunked, schema=schema)

    def _columns(self) -> list[Column]:
        return [column for column in self.schema.columns if column.name not in self.left_out]

    def _own_names(self) -> list[str]:
        taken = {*self.schema.all_names, *output_names(self.schema).values()}
        return [free_name(name, taken) for name in (TIME, ID, MODEL, VERSION)]

    def _outputs(self) -> list[tuple[str, pa.DataType]]:
        """Return the columns of predictions, under the names of the model, and their types."""
        import pyarrow as pa

        predicted = {prediction_name(self.schema, each): each for each in self.schema.targets}
        found: list[tuple[str, pa.DataType]] = []
        for name in output_names(self.schema):
            target = predicted.get(name)
            if target is None or target.task is Task.regression:
                found.append((name, pa.float64()))
            elif target.task is Task.multilabel:
                found.append((name, pa.list_(pa.string())))
            else:
                found.append((name, pa.string()))
        return found


def _joined(requests: Sequence[Logged]) -> list[Logged]:
    """Return requests of rows in lists as one, which is turned into a table much sooner."""
    import pyarrow as pa

    lists = [each for each in requests if isinstance(each.rows, list)]
    others = [each for each in requests if not isinstance(each.rows, list)]
    if not lists:
        return others
    sizes = [each.predictions.num_rows for each in lists]

    def spread(values: Sequence[Any]) -> Any:
        return [value for value, size in zip(values, sizes, strict=True) for _ in range(size)]

    one = Logged(
        time=spread([each.time for each in lists]),
        rows=[row for each in lists for row in each.rows],
        predictions=pa.concat_tables([each.predictions for each in lists]),
        model=spread([each.model for each in lists]),
        version=spread([each.version for each in lists]),
        number=spread([each.number for each in lists]),
    )
    return [one, *others]


def _column(rows: pa.Table, name: str) -> Any:
    import pyarrow as pa

    return rows.column(name) if name in rows.column_names else pa.nulls(rows.num_rows)


def _type(column: Column) -> pa.DataType:
    import pyarrow as pa

    return pa.string() if column.kind is Kind.category else storage_type(column.kind)


def _typed(values: Any, column: Column, count: int) -> pa.Array:
    """Return a column of the log; a value that does not fit is missing."""
    import pyarrow as pa

    kind = _type(column)
    try:
        if isinstance(values, list):
            return pa.array(values, kind)
        return values.cast(kind)
    except (pa.ArrowException, TypeError, ValueError):
        pass
    if isinstance(values, list):
        values = pa.array([None if value is None else str(value) for value in values], pa.string())
    elif isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    typed, _ = read_fitting(values, column.kind, column.format, column.words_for_missing)
    assert len(typed) == count
    return typed.cast(kind)
