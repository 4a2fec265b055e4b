"""Giving SQLite's columns the types that they are declared with, which its values do not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def as_declared(table: pa.Table, columns: Sequence[Any]) -> pa.Table:
    """Return a table with its BOOLEAN, DATE and DATETIME columns in these types.

    SQLite keeps booleans as 0 and 1 and dates as text, and lets anything else stand there too; a
    column with a value that does not fit stays as it is.

    Args:
        table: Rows as SQLite returns them.
        columns: What SQLAlchemy's inspector says of the columns.
    """
    for column in columns:
        index = table.schema.get_field_index(column["name"])
        kind = _arrow_type(column["type"])
        if index >= 0 and kind is not None:
            changed = _changed(table[column["name"]], kind)
            table = table.set_column(index, column["name"], changed)
    return table


def _arrow_type(declared: Any) -> pa.DataType | None:
    import pyarrow as pa
    from sqlalchemy import types

    for kind, arrow in (
        (types.Boolean, pa.bool_()),
        (types.DateTime, pa.timestamp("us")),
        (types.Date, pa.date32()),
    ):
        if isinstance(declared, kind):
            return arrow
    return None


def _changed(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        bits = pa.types.is_integer(values.type) and _all_bits(values)
        return values.cast(kind) if bits else values
    try:
        return values.cast(kind) if pa.types.is_string(values.type) else values
    except pa.ArrowException:
        return values


def _all_bits(values: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pc.all(pc.is_in(values.drop_null(), pa.array([0, 1]))).as_py())
