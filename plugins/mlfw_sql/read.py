"""Reading a query or a table in pieces, through a cursor that stays on the server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.components.dataset import Progress
from mlfw.errors import did_you_mean, listing
from mlfw_sql.columns import TableBuilder
from mlfw_sql.declared import as_declared
from mlfw_sql.engine import Database
from mlfw_sql.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import CursorResult, Inspector

ROWS_AT_ONCE = 10_000
BYTES_AT_ONCE = 16 << 20
GROWTH = 10
SECONDS_UNTOLD = 1.0
# A result that is longer is counted, so that it is known how far the reading is: that takes the
# server little beside sending the rows, where a short result may have taken long to find.
MOST_UNCOUNTED = 10 * ROWS_AT_ONCE
NO_SUCH_TABLE = re.compile(r"(?:no such table: |relation [\"'`]|Table [\"'`])([\w.$ ]+)")


def read_query(database: Database, query: str, progress: Progress) -> tuple[pa.Table, bool]:
    """Return the rows of a query, and whether there are more than the limit of rows.

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
                return _fetch(result, "dataset.query", progress, count, database.limits)
        except UserError as error:
            missing = NO_SUCH_TABLE.search(error.problem)
            if missing is None:
                raise
            problem = error.problem
    raise UserError(problem, _hint(database, missing[1]))


def read_table(database: Database, name: str, progress: Progress) -> tuple[pa.Table, bool]:
    """Return the rows of a table or view, and whether there are more than the limit of rows.

    They come in the order of its primary key if it has one.

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
        if database.limits.rows is not None:
            statement = statement.limit(database.limits.rows + 1)
        counted = sa.select(sa.func.count()).select_from(source).compile(database.engine)
        count = partial(_count, database, str(counted))
        result = connection.execute(statement)
        rows, more = _fetch(result, f"{key}={name}", progress, count, database.limits)
        if database.engine.dialect.name == "sqlite":
            return as_declared(rows, inspector.get_columns(table, schema)), more
        return rows, more


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
    return f"{hint} Tables: {_listed(names)}." if hint.startswith("Did") else hint


def _fetch(
    result: CursorResult[Any],
    place: str,
    progress: Progress,
    count: Callable[[], int | None],
    limits: Limits,
) -> tuple[pa.Table, bool]:
    """Return the rows, and whether there are more than were to be read."""
    names = _names(list(result.keys()))
    builder, total, ends = TableBuilder(names), None, _after(limits.seconds)
    most = inf if limits.rows is None else limits.rows
    wanted, told = 1, time.monotonic()
    while builder.rows < most and (rows := result.fetchmany(int(min(wanted, most - builder.rows)))):
        before = builder.rows
        builder.add(rows)
        limits.check_bytes(builder.bytes, builder.rows, place)
        if time.monotonic() > ends:
            raise limits.over_time()
        if before < MOST_UNCOUNTED <= builder.rows and limits.rows is None:
            total = count()
        past = builder.rows % ROWS_AT_ONCE
        if not past or time.monotonic() - told > SECONDS_UNTOLD:
            progress(builder.rows, total, "rows")
            told = time.monotonic()
        fitting = BYTES_AT_ONCE * builder.rows // max(builder.bytes, 1)
        wanted = max(min(wanted * GROWTH, fitting, ROWS_AT_ONCE - past), 1)
    if builder.rows % ROWS_AT_ONCE:
        progress(builder.rows, total, "rows")
    if not builder.rows:
        raise UserError(
            f"{place}: returns no rows, only the columns {listing(names)}.",
            "Fill the table, or ask for less in the query's WHERE.",
        )
    return builder.table(), builder.rows >= most and bool(result.fetchmany(1))


def _after(seconds: float | None) -> float:
    return inf if seconds is None else time.monotonic() + seconds


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
