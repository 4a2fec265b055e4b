"""Turning a data set's features into plain typed columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import ROWS_AT_ONCE
from mlfw.hints import override

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

REMEDY = "Leave it out: {hint}"


def plain_table(
    data: datasets.Dataset, drop: list[str], place: str, progress: Progress = silent
) -> pa.Table:
    """Return a data set as an Arrow table of plain columns.

    Class numbers become the classes' names, images the bytes of their files.

    Args:
        data: The data set.
        drop: Columns that may be of any kind, as they are not wanted.
        place: What it is called in messages.
        progress: Told how many rows are read, of how many.

    Raises:
        UserError: A column is of a kind that no model reads.
    """
    import pyarrow as pa

    names = [name for name in data.column_names if name not in drop]
    raw = _read(data.select_columns(names).with_format("arrow"), progress)
    columns = {
        name: _plain(raw[name].combine_chunks(), data.features[name], f"{place}: column '{name}'")
        for name in names
    }
    # Dropped columns stay by name, so that naming them is no mistake.
    columns |= {name: pa.nulls(raw.num_rows) for name in data.column_names if name in drop}
    return pa.table({name: columns[name] for name in data.column_names})


def _read(data: datasets.Dataset, progress: Progress) -> pa.Table:
    import pyarrow as pa

    total, parts = len(data), []
    for start in range(0, max(total, 1), ROWS_AT_ONCE):
        parts.append(data[start : start + ROWS_AT_ONCE])
        progress(min(start + ROWS_AT_ONCE, total), total, "rows")
    return pa.concat_tables(parts)


def _plain(values: pa.Array, feature: Any, place: str) -> pa.Array:
    import datasets

    if isinstance(feature, datasets.ClassLabel):
        return _names(values, feature)
    if isinstance(feature, datasets.Image):
        return _images(values, place)
    if isinstance(feature, datasets.Value):
        return values
    inner = getattr(feature, "feature", None)
    if isinstance(inner, datasets.ClassLabel):
        return _lists_of_names(values, inner)
    if isinstance(inner, datasets.Value) and inner.dtype in ("string", "large_string"):
        return values
    name = place.rpartition("'")[0].rpartition("'")[2]
    raise UserError(
        f"{place}: holds {type(feature).__name__} values ({values.type}), which no model reads.",
        REMEDY.format(hint=override("dataset.drop", [name])),
    )


def _names(codes: pa.Array, feature: Any) -> pa.Array:
    """Return the classes' names; a code that stands for none (-1) becomes a missing value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.and_(pc.greater_equal(codes, 0), pc.less(codes, len(feature.names)))
    codes = pc.if_else(known, codes, pa.scalar(None, codes.type))
    return pa.array(feature.names, pa.string()).take(codes)


def _lists_of_names(values: pa.Array, feature: Any) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    # Taking all rows leaves a list without slices and gaps, whose items can be replaced.
    values = values.cast(pa.list_(pa.int64())).take(pa.array(np.arange(len(values))))
    names = _names(values.flatten(), feature)
    return pa.ListArray.from_arrays(values.offsets, names, mask=values.is_null())


def _images(values: pa.Array, place: str) -> pa.Array:
    """Return the images' bytes; those that stay in files of their own are read."""
    import pyarrow as pa
    import pyarrow.compute as pc

    content = pc.struct_field(values, "bytes").to_pylist()
    paths = pc.struct_field(values, "path").to_pylist()
    for row, (inside, path) in enumerate(zip(content, paths, strict=True)):
        if inside is None and path:
            try:
                content[row] = Path(path).read_bytes()
            except OSError as error:
                raise UserError(
                    f"{place}, row {row + 1}: {path}: {error.strerror}.",
                    "Save the data set again where the image is, or correct the path.",
                ) from None
    return pa.array(content, pa.binary())
