"""Comparing a statement with the model it was made from, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, Schema, UserError
from mlfw.hints import command
from mlfw_onnx import Comparison, TargetOutputs
from mlfw_sql.select.expressions import identifier

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

TYPES = {
    "number": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "category": "TEXT",
    "datetime": "TIMESTAMP",
}


@dataclass
class SqliteParity(Comparison):
    """A comparison of a statement, run by SQLite in memory, with a model.

    Attributes:
        statement: The statement.
        table: The table it reads, as SQL.
        columns: Which of the statement's columns belong to each output, by the output's name.
        keep: Columns of the table that the statement returns beside the predictions.
    """

    said: ClassVar[str] = "Run by SQLite and compared with mlfw"

    statement: str = ""
    table: str = "rows"
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keep: Sequence[str] = ()

    @property
    def rows_at_once(self) -> int:
        """The number of rows that are compared at a time: many, as parsing takes its time."""
        return 100_000

    def run(self, rows: pa.Table) -> dict[str, np.ndarray]:
        """Return what the statement predicts for rows that conform to the schema, by output.

        Raises:
            UserError: SQLite refuses the statement.
        """
        schema = self.predictor.schema
        with closing(sqlite3.connect(":memory:")) as connection:
            database, _, name = self.table.partition('"."')
            if name and database.strip('"').lower() not in ("main", "temp"):
                connection.execute(f"ATTACH ':memory:' AS {database}\"")
            create = create_table(self.table, columns_read(schema, self.keep))
            connection.execute(create)
            names = ", ".join(map(identifier, schema.names))
            marks = ", ".join("?" * len(schema.names))
            connection.executemany(
                f"INSERT INTO {self.table} ({names}) VALUES ({marks})",  # noqa: S608 - quoted
                map(_stored, zip(*(rows[name].to_pylist() for name in schema.names), strict=True)),
            )
            try:
                cursor = connection.execute(self.statement)
            except sqlite3.Error as error:
                raise UserError(
                    f"deployer=sql: SQLite {sqlite3.sqlite_version} cannot run the statement, "
                    f"which has {len(self.statement) / 1e6:.1f} MB: {error}.",
                    "Train a smaller model, say with fewer trees or a smaller model.max_depth, or "
                    f"export it in ONNX: {command('export', '--help')}",
                ) from error
            found = [str(each[0]) for each in cursor.description]
            values = list(zip(*cursor.fetchall(), strict=True))
        by_name = dict(zip(found[len(self.keep) :], values[len(self.keep) :], strict=True))
        return {
            name: _array([by_name[each] for each in columns], name, self.outputs)
            for name, columns in self.columns.items()
        }


def _array(
    columns: Sequence[Sequence[Any]], name: str, outputs: Sequence[TargetOutputs]
) -> np.ndarray:
    """Return columns as an output of the model in ONNX."""
    import numpy as np

    (own,) = (each for each in outputs if name in (each.label, each.probabilities, each.prediction))
    if name == own.label and own.task != "multilabel":
        return np.asarray(columns[0], object)
    kind = bool if name == own.label else np.float64
    whole = np.asarray(columns, np.float64).T.astype(kind)
    return whole[:, 0] if name == own.prediction else whole


def columns_read(schema: Schema, keep: Sequence[str]) -> dict[str, str]:
    """Return the type of each column that a statement reads, by name."""
    types = {column.name: type_of(column) for column in schema.columns}
    return types | {name: "BIGINT" for name in keep if name not in types}


def type_of(column: Column) -> str:
    """Return the type of a column that every database takes."""
    whole = column.kind == "number" and column.integer
    return "BIGINT" if whole else TYPES[column.kind]


def create_table(table: str, columns: Mapping[str, str]) -> str:
    """Return the statement that makes a table.

    Args:
        table: Its name, as SQL.
        columns: The type of each column, by name.
    """
    listed = ",\n".join(f"  {identifier(name)} {kind}" for name, kind in columns.items())
    return f"CREATE TABLE {table} (\n{listed}\n)"


def _stored(row: Sequence[Any]) -> list[Any]:
    """Return a row as SQLite stores it: dates as texts in ISO 8601."""
    return [each.isoformat(" ") if isinstance(each, datetime) else each for each in row]
