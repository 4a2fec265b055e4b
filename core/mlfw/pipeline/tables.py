"""Rows in the forms that Python users hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.schema import Schema


def to_arrow(rows: Any, schema: Schema) -> pa.Table:
    """Return rows as an Arrow table.

    Args:
        rows: An Arrow table, any data frame that exports Arrow (pandas, polars, ...), or a list
            of dicts; in dicts a key may be left out where its value is missing.
        schema: Names the columns that dicts may leave out.

    Raises:
        UserError: It is something else.
    """
    import pyarrow as pa

    if isinstance(rows, pa.Table):
        return rows
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row) if rows else schema.names
        return pa.table({name: _column([row.get(name) for row in rows]) for name in names})
    if hasattr(rows, "__arrow_c_stream__"):
        return pa.table(rows)
    raise UserError(
        f"predict: expected an Arrow table, a data frame or a list of dicts, found "
        f"{type(rows).__name__}."
    )


def _column(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def like(given: Any, table: pa.Table) -> Any:
    """Return a table in the form of the rows that were given."""
    library = type(given).__module__.partition(".")[0]
    if library == "pandas":
        frame = table.to_pandas()
        frame.index = given.index
        return frame
    if library == "polars":
        return type(given)(table)
    return table
