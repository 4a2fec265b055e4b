"""Columns that name image files, which a data set of words would learn nothing from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import Finding, UserError
from mlfw.hints import override

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm",
)  # fmt: skip
LOOKED_AT = 20


def image_notes(table: pa.Table, path: Path, *, but: Collection[str]) -> list[Finding]:
    """Return what to say of columns that name image files which are there.

    Args:
        table: The rows as they are in the source.
        path: The file they are from; relative paths count from its folder.
        but: Columns that are targets, dropped or of a kind that is said.

    Raises:
        UserError: There is nothing else to learn from.
    """
    found = [name for name in _image_columns(table, path.parent) if name not in but]
    if not found:
        return []
    keys = {"dataset": "images", "dataset.path": str(path), "dataset.image": found[0]}
    typed = " ".join(override(key, value) for key, value in keys.items())
    remedy = f"To learn from the images type: {typed}"
    message = "names image files, and is read as words"
    if set(table.column_names) <= {*found, *but}:
        raise UserError(f"{path}: column '{found[0]}': {message}; there is no other.", remedy)
    return [
        Finding(check="reading", message=f"{message}.", remedy=remedy, column=name)
        for name in found
    ]


def _image_columns(table: pa.Table, folder: Path) -> Iterator[str]:
    import pyarrow as pa

    for name in table.column_names:
        values = table[name]
        kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        first = [str(value).strip() for value in values[:LOOKED_AT].to_pylist() if value]
        named = first and all(value.lower().endswith(SUFFIXES) for value in first)
        if named and any(_is_file(folder / value) for value in first):
            yield name


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
