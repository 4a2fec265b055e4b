"""Reading a query or a table in pieces, through a cursor that stays on the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.components.dataset import Progress
from mlfw.errors import did_you_mean, listing
from mlfw_sql.columns import TableBuilder
from mlfw_sql.declared import as_declared
from mlfw_sql.engine import Database

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import CursorResult, Inspector

ROWS_AT_ONCE = 10_000
# A result that is longer is counted, so that it is known how far the reading is: that takes the
# server little beside sending the rows, where a short result may have taken long to find.
MOST_UNCOUNTED = 10 * ROWS_AT_ONCE
NO_SUCH_TABLE = re.compile(r"(?:no such table: |relation [\"'`]|Table [\"'`])([\w.$ ]+)")


def read_query(database: Database, query: str, progress: Progress) -> pa.Table:
    """Return the rows of a query.

    Raises:
        UserError: The database refuses it, or it returns nothing that can be learnt from.
    """
    statement = query.strip().rstrip(";")
    with database.reading() as connection:
        try:
            with database.asked("dataset.query", "Correct the query."):
                # Without parameters a driver takes the percent signs of a query as they stand.
                result = connection.exec_driver_sql(
                    statement, execution_options={"no_parameters": True}
                )
                counted = f"SELECT count(*) FROM ({statement}\n) counted"  # noqa: S608 - only reads
                count = partial(_count, database, counted)
                return _fetch(result, "dataset.query", progress, count)
        except UserError as error:
            missing = NO_SUCH_TABLE.search(error.problem)
            if missing is None:
                raise
            problem = error.problem
    raise UserError(problem, _hint(database, missing[1]))


def read_table(database: Database, name: str, progress: Progress) -> pa.Table:
    """Return the rows of a table or view, in the order of its primary key if it has one.

    Raises:
        UserError: There is no such table, or it is empty.
    """
    import sqlalchemy as sa

    key = "dataset.from_table"
    with database.reading() as connection, database.asked(key, ""):
        inspector = sa.inspect(connection)
        schema, table = _find(inspector, name)
        keys = inspector.get_pk_constraint(table, schema)["constrained_columns"]
        source = sa.table(table, schema=schema)
        statement = (
            sa.select(sa.text("*"))
            .select_from(source)
            .order_by(*(sa.column(column) for column in keys))
        )
        counted = sa.select(sa.func.count()).select_from(source).compile(database.engine)
        count = partial(_count, database, str(counted))
        rows = _fetch(connection.execute(statement), f"{key}={name}", progress, count)
        if database.engine.dialect.name == "sqlite":
            return as_declared(rows, inspector.get_columns(table, schema))
        return rows


def _find(inspector: Inspector, name: str) -> tuple[str | None, str]:
    """Return the schema and the table that a name such as `customers` or `a.customers` means."""
    schema, _, table = name.rpartition(".")
    if inspector.has_table(name):
        return None, name
    if schema and inspector.has_table(table, schema):
        return schema, table
    raise UserError(
        f"dataset.from_table: no table '{name}'; there are {_listed(_tables(inspector))}.",
        did_you_mean(name, _tables(inspector)),
    )


def _tables(inspector: Inspector) -> list[str]:
    return sorted({*inspector.get_table_names(), *inspector.get_view_names()})


def _listed(names: list[str]) -> str:
    return listing(names, 30) if names else "none"


def _hint(database: Database, name: str) -> str:
    """Return the remedy for a query on a table that is not there."""
    import sqlalchemy as sa

    with database.reading() as connection, database.asked("dataset.query", ""):
        names = _tables(sa.inspect(connection))
    hint = did_you_mean(name.strip(), names)
    return f"{hint} Tables: {_listed(names)}." if hint.startswith("Did") else f"{hint}."


def _fetch(
    result: CursorResult[Any], place: str, progress: Progress, count: Callable[[], int | None]
) -> pa.Table:
    names = _names(list(result.keys()))
    builder, total = TableBuilder(names), None
    while rows := result.fetchmany(ROWS_AT_ONCE):
        builder.add(rows)
        if builder.rows == MOST_UNCOUNTED:
            total = count()
        progress(builder.rows, total, "rows")
    if not builder.rows:
        raise UserError(
            f"{place}: returns no rows, only the columns {listing(names)}.",
            "Fill the table, or ask for less in the query's WHERE.",
        )
    return builder.table()


def _count(database: Database, statement: str) -> int | None:
    """Return what a statement counts, by a connection of its own; None where it cannot be told."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with database.reading() as connection:
            options = {"no_parameters": True}
            return connection.exec_driver_sql(statement, execution_options=options).scalar()
    except (SQLAlchemyError, UserError):
        return None  # such as two columns of one name, which not every database can count


def _names(keys: list[str]) -> list[str]:
    names = [str(name) or f"column {number}" for number, name in enumerate(keys, 1)]
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f"dataset.query: returns {names.count(name)} columns named '{name}'.",
                f"Name one of them anew: SELECT a.{name} AS a_{name}, ...",
            )
    return names
