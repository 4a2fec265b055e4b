"""Tables with a column of paths to images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import mlfw_tabular
from mlfw import Dataset, UserError
from mlfw.errors import did_you_mean, listing
from mlfw_images.rows import ImageRows

if TYPE_CHECKING:
    import pyarrow as pa


def is_table(path: Path) -> bool:
    """Tell by its name whether a path is a table rather than a folder or an image."""
    return _format(path) is not None and not os.path.isdir(path)  # noqa: PTH112


def _format(path: Path) -> type[Dataset] | None:
    for component in mlfw_tabular.mlfw_datasets().values():
        if path.name.lower().endswith(component.suffixes):
            return component
    return None


def table_rows(path: Path, column: str, *, chosen: bool = True) -> ImageRows:
    """Return a table's rows with the files that a column names, relative to the table's folder.

    Args:
        path: The table.
        column: The column.
        chosen: Whether `dataset.image` can be set now, and not only in the run that is over.

    Raises:
        UserError: The table cannot be read, or has no such column of paths.
    """
    component = _format(path)
    assert component is not None
    table = component().read(path)
    if column not in table.column_names:
        raise UserError(
            f"{'dataset.image: ' if chosen else ''}{path} has no column '{column}'; it has "
            f"{listing(table.column_names)}.",
            did_you_mean(column, table.column_names, listed=True)
            if chosen
            else f"Name the column with the paths of images '{column}', as in training.",
        )
    index = table.column_names.index(column)
    paths = _paths(table[column], path, column, chosen=chosen)
    files = [path.parent / text if text else None for text in paths]
    names = [f"row {number}: {text or 'empty'}" for number, text in enumerate(paths, 1)]
    return ImageRows(files, names, table.drop_columns([column]), index)


def _paths(values: pa.ChunkedArray, path: Path, column: str, *, chosen: bool) -> list[str]:
    import pyarrow as pa

    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if not any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string)):
        raise UserError(
            f"{path}: column '{column}': expected paths of images, found {kind}.",
            "Choose another column: dataset.image=COLUMN"
            if chosen
            else "Write the paths of images there.",
        )
    return [str(value or "").strip() for value in values.to_pylist()]
