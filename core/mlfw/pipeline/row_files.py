"""Files of rows, read and written by the data set component that knows their suffix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlfw.components import Dataset
from mlfw.config.components import build_component
from mlfw.config.document import USE
from mlfw.errors import UserError, listing
from mlfw.plugins import Registry, require_packages

if TYPE_CHECKING:
    import pyarrow as pa


def row_format(
    path: Path, registry: Registry, run_options: Mapping[str, Any] | None = None
) -> Dataset:
    """Return a data set component that reads and writes files of this suffix.

    Args:
        path: The file.
        registry: The components there are.
        run_options: The data set section of a run's frozen configuration. Where that component
            knows the suffix, its options count here too: its delimiter, its encoding.

    Raises:
        UserError: There is none.
    """
    known: list[str] = []
    for entry in registry.kind("dataset").values():
        component = entry.component
        assert issubclass(component, Dataset)
        known += component.suffixes
        if path.name.lower().endswith(component.suffixes or ("\0",)):
            require_packages([entry])
            options = dict(run_options or {})
            if options.pop(USE, None) == entry.name:
                return cast("Dataset", build_component(entry, options, "dataset"))
            return component()
    raise UserError(
        f"{path}: the suffix '{_suffix(path)}' is not known.", f"Known: {listing(sorted(known))}."
    )


def _suffix(path: Path) -> str:
    """Return a name's suffix, with the one before it where a file is compressed."""
    return "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix


def read_rows(
    path: Path, registry: Registry, run_options: Mapping[str, Any] | None = None
) -> pa.Table:
    """Read a file of rows; see `row_format`.

    Raises:
        UserError: It is not there, not readable, or of an unknown suffix.
    """
    return row_format(path, registry, run_options).read(path)


def write_rows(table: pa.Table, path: Path, registry: Registry) -> None:
    """Write a file of rows, whole or not at all."""
    row_format(path, registry).write(table, path)
