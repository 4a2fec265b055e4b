"""Rows in the forms that Python users hold them.

Only the columns that a model uses are looked at: whatever else a data frame holds is never
converted.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any

from mlfw.errors import UserError
from mlfw.schema.names import find_columns, search_columns

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.plugins import PluginInfo
    from mlfw.schema import Schema

PLACE = "predict"
EXPECTED = "an Arrow table, a data frame or a list of dicts"
REMEDIES = {
    "Series": "For one row of a data frame, pass frame.iloc[[0]], which is a data frame.",
    "LazyFrame": "Collect it first: frame.collect()",
    "dict": "For one row, pass a list: [row]. For columns, pass pyarrow.table(columns).",
    "ndarray": "Name the columns: pandas.DataFrame(array, columns=[...])",
    "str": "To predict a file, type: mlfw predict RUN FILE",
}


def to_arrow(rows: Any, schema: Schema) -> pa.Table:
    """Return the columns of the schema as an Arrow table.

    Args:
        rows: An Arrow table or batch, a pandas or polars data frame, anything else that exports
            Arrow tables, or a list of dicts; in dicts a key may be left out where its value is
            missing.
        schema: Names the columns.

    Raises:
        UserError: It is something else, or lacks a column.
    """
    import pyarrow as pa

    if isinstance(rows, pa.Table):
        return rows
    if isinstance(rows, pa.RecordBatch):
        return pa.Table.from_batches([rows])
    if _is_frame(rows, "pandas"):
        return _from_pandas(rows, schema)
    if _is_frame(rows, "polars"):
        return _from_polars(rows, schema)
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return _from_dicts(rows, schema)
    name = type(rows).__name__
    if hasattr(rows, "__arrow_c_stream__") and name not in REMEDIES:
        try:
            return pa.table(rows)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise UserError(
                f"{PLACE}: expected {EXPECTED}; {name} cannot be read as one: {error}."
            ) from None
    found = f"list of {type(rows[0]).__name__}" if isinstance(rows, list) and rows else name
    raise UserError(f"{PLACE}: expected {EXPECTED}, found {found}.", REMEDIES.get(name, ""))


def _is_frame(rows: Any, library: str) -> bool:
    return _frame_class(rows, library) is not None


def _frame_class(rows: Any, library: str) -> Any:
    """Return the class of data frames of a library that rows are of, or None."""
    of_library = (
        base
        for base in type(rows).__mro__
        if base.__name__ == "DataFrame" and base.__module__.partition(".")[0] == library
    )
    return next(of_library, None)


def _from_pandas(frame: Any, schema: Schema) -> pa.Table:
    """Read a pandas data frame; a column may stand in its index."""
    import pyarrow as pa

    labels = list(frame.columns)
    names = [_label(label) for label in labels]
    numbered = labels == list(range(len(labels)))
    aliases = {i: f"column_{i + 1}" for i in range(len(labels))} if numbered else {}
    found, missing = search_columns(names, schema.names, PLACE, aliases)
    levels = [_label(name) for name in frame.index.names]
    in_index, _ = search_columns(levels, missing, PLACE)
    # The index that pandas counts up by itself is no column.
    if levels == [""] and type(frame.index).__name__ == "RangeIndex":
        in_index = {}
    if len(in_index) < len(missing):
        find_columns([*names, *(level for level in levels if level)], schema.names, PLACE, aliases)
    return pa.table(
        {
            name: _series(frame.iloc[:, found[name]])
            if name in found
            else _series(frame.index.get_level_values(in_index[name]).to_series())
            for name in schema.names
        }
    )


def _label(label: Any) -> str:
    """Return a column's label as a name: none for what is missing, 2019 for 2019.0."""
    if label is None or _is_nan(label):
        return ""
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return str(label)


def _series(values: Any) -> pa.Array:
    """Read a pandas series; what Arrow does not take is text."""
    import pyarrow as pa

    try:
        array = pa.array(values, from_pandas=True)
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if not isinstance(array.type, pa.BaseExtensionType):
            return array
    except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
        pass
    missing = values.isna().tolist()
    return _as_text(values.astype(object).tolist(), missing)


def _from_polars(frame: Any, schema: Schema) -> pa.Table:
    import pyarrow as pa

    found = find_columns(frame.columns, schema.names, PLACE)
    return pa.table({name: _polars(frame.to_series(index)) for name, index in found.items()})


def _polars(values: Any) -> pa.Array:
    import pyarrow as pa

    if str(values.dtype) == "Object":
        return _column(values.to_list())
    try:
        return values.to_arrow()
    except pa.ArrowException:
        return _column(values.to_list())


def _from_dicts(rows: list[dict[Any, Any]], schema: Schema) -> pa.Table:
    import pyarrow as pa

    if not rows:
        return pa.table({name: pa.nulls(0) for name in schema.names})
    keys = list(dict.fromkeys(key for row in rows for key in row))
    found = find_columns([str(key) for key in keys], schema.names, PLACE)
    return pa.table(
        {name: _column([row.get(keys[index]) for row in rows]) for name, index in found.items()}
    )


def _column(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    missing = [_is_missing(value) for value in values]
    try:
        return pa.array(
            [None if gone else value for value, gone in zip(values, missing, strict=True)]
        )
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _as_text(values, missing)


def _is_missing(value: Any) -> bool:
    """Whether a value is None, or not equal to itself as NaN of any library is, or pandas' NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    if isinstance(value, str | bytes | bool | int | list | dict):
        return False
    try:
        return bool(value != value)
    except (TypeError, ValueError, ArithmeticError):
        return False


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _as_text(values: Sequence[Any], missing: Sequence[bool]) -> pa.Array:
    import pyarrow as pa

    texts = [None if gone else _text(value) for value, gone in zip(values, missing, strict=True)]
    return pa.array(texts, pa.string())


def _text(value: Any) -> str:
    """Return a value as text; halves of characters, which no file can hold, are escaped."""
    return str(value).encode("utf-8", "backslashreplace").decode()


def like(given: Any, table: pa.Table) -> Any:
    """Return a table in the form of the rows that were given."""
    if _is_frame(given, "pandas"):
        frame = table.to_pandas()
        frame.index = given.index
        return frame
    polars = _frame_class(given, "polars")
    return table if polars is None else polars(table)


def keep_pandas_out(plugins: Iterable[PluginInfo]) -> None:
    """Keep pyarrow from importing pandas, in a process that handles none of its objects.

    Nothing is done where there are plugins of others, which may handle some.

    pyarrow imports pandas, if it is installed, with the first array it converts, only to recognise
    what pandas made; that takes some 0.3 s and 30 MB. Afterwards pandas can still be imported,
    but pyarrow takes no data frame any more.

    Args:
        plugins: All plugins there are.
    """
    import pyarrow as pa

    if "pandas" not in sys.modules and all(each.distribution == "mlfw" for each in plugins):
        finder = _NoPandas()
        sys.meta_path.insert(0, finder)
        try:
            pa.array([0])  # pyarrow looks for pandas now, and never again
        finally:
            sys.meta_path.remove(finder)


class _NoPandas(MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(self, name: str, *_: Any) -> None:
        """Raise an error for pandas, and leave all else to other finders."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas is kept out", name=name)
