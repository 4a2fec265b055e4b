"""How the columns of a table are read: as the inputs of a model."""

from __future__ import annotations

from mlfw import Column, Kind
from mlfw.schema.dates import has_date, has_day
from mlfw_sql.select.expressions import DOUBLE, Expr, NoSqlError, Type, identifier
from mlfw_sql.select.steps import SOURCE, Steps

LARGEST = "1.79e308"  # about; what is beyond, also NaN, is missing


def read(column: Column, steps: Steps) -> Expr:
    """Return a column of the table as a model takes it; what is of another type is NULL.

    Args:
        column: The column.
        steps: Where to compute it.

    Raises:
        NoSqlError: It holds texts or images.
    """
    source = f"{SOURCE}.{identifier(column.name)}"
    missing = frozenset([column.name])
    if column.kind is Kind.category:
        return Expr(f"CAST({source} AS TEXT)", Type.text, missing=missing)
    if column.kind is Kind.number:
        # The sign keeps SQLite from reading texts as numbers: any text is larger than all numbers.
        inside = f"+{source} >= -{LARGEST} AND +{source} <= {LARGEST}"
        made = f"CASE WHEN {inside} THEN CAST({source} AS {DOUBLE}) END"
    elif column.kind is Kind.boolean:
        made = f"CASE WHEN {source} = TRUE THEN 1e0 WHEN {source} = FALSE THEN 0e0 END"
        made = f"CAST({made} AS {DOUBLE})"
    elif column.kind is Kind.datetime:
        return _days(column, source, missing, steps)
    else:
        raise NoSqlError(f"{column.kind.value} columns such as '{column.name}'")
    return steps.column(Expr(made, missing=missing))


def _days(column: Column, source: str, missing: frozenset[str], steps: Steps) -> Expr:
    """Return a date, or its text in ISO 8601, as days since 1970.

    The text of a date is the same in all databases, what computes with dates is not. Days since
    March of the year 0 follow from year, month and day by whole numbers alone (Hinnant,
    chrono-compatible low-level date algorithms, 2013).
    """
    text = steps.column(Expr(f"CAST({source} AS TEXT)", Type.text))
    t = text.sql
    shapes = [f"WHEN {t} LIKE '____-__-__%' THEN replace({t}, 'Z', '')"]
    if column.format and not has_date(column.format):
        shapes.append(f"WHEN {t} LIKE '__:__%' THEN '1970-01-01 ' || {t}")
    elif column.format and not has_day(column.format):
        shapes.append(f"WHEN {t} LIKE '____-__' THEN {t} || '-01'")
    whole = steps.column(Expr(f"CASE {' '.join(shapes)} END", Type.text, text.columns))
    w = whole.sql

    def part(start: int, length: int) -> str:
        return f"CAST(substr({w}, {start}, {length}) AS INTEGER)"

    march = f"(CASE WHEN {part(6, 2)} < 3 THEN 1 ELSE 0 END)"
    parts = {
        "year": f"{part(1, 4)} - {march}",
        "month": f"{part(6, 2)} + 12 * {march} - 3",
        "day": part(9, 2),
        "seconds": (
            f"CASE WHEN length({w}) < 16 THEN 0e0 ELSE {part(12, 2)} * 3600e0 "
            f"+ {part(15, 2)} * 60e0 + CASE WHEN length({w}) < 19 THEN 0e0 ELSE "
            f"CAST(substr({w}, 18) AS {DOUBLE}) END END"
        ),
    }
    # An offset from UTC, as of a time with a time zone, makes the value missing.
    plain = f"{w} IS NOT NULL AND substr({w}, 20) NOT LIKE '%+%' AND substr({w}, 20) NOT LIKE '%-%'"
    made = {
        name: steps.column(
            Expr(f"CASE WHEN {plain} THEN CAST({sql} AS {DOUBLE}) END", columns=whole.columns)
        )
        for name, sql in parts.items()
    }
    y, m, d, s = (each.sql for each in made.values())
    days = (
        f"365e0 * {y} + floor({y} / 4e0) - floor({y} / 100e0) + floor({y} / 400e0) "
        f"+ floor((153e0 * {m} + 2e0) / 5e0) + {d} - 719469e0"
    )
    # One division, so that the nearest double results; seconds times 1e6 are microseconds.
    micro = f"floor({s} * 1e6 + 0.5e0)"
    columns = frozenset[str]().union(*(each.columns for each in made.values()))
    sql = f"((({days}) * 86400e6 + {micro}) / 86400e6)"
    return steps.column(Expr(sql, columns=columns, missing=missing))
