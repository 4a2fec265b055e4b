"""Files of rows, read and written by the data set component that knows their suffix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlfw.components import Dataset
from mlfw.components.dataset import Progress, silent
from mlfw.config.components import build_component
from mlfw.config.document import USE
from mlfw.errors import UserError, listing
from mlfw.plugins import Entry, Registry, require_packages

if TYPE_CHECKING:
    import pyarrow as pa


def row_format(
    path: Path,
    registry: Registry,
    run_options: Mapping[str, Any] | None = None,
    *,
    write: bool = False,
) -> Dataset:
    """Return a data set component that reads, or writes, files of this suffix.

    Args:
        path: The file, or for reading a folder.
        registry: The components there are.
        run_options: The data set section of a run's frozen configuration. Where that component
            understands the file, its options count here too: its delimiter, its encoding.
        write: Whether it is to write.

    Raises:
        UserError: There is none.
    """
    entries = {
        name: entry
        for name, entry in registry.kind("dataset").items()
        if not write or cast("type[Dataset]", entry.component).write is not Dataset.write
    }
    options = dict(run_options or {})
    own = entries.get(options.pop(USE, ""))
    if own is not None and _suffixes(own):
        component = cast("Dataset", build_component(own, options, "dataset"))
        if component.reads(path):
            require_packages([own])
            return component
    for entry in filter(_suffixes, entries.values()):
        component = cast("Dataset", entry.component())
        if component.reads(path):
            require_packages([entry])
            return component
    known = sorted(suffix for entry in entries.values() for suffix in _suffixes(entry))
    raise UserError(
        f"{path}: the suffix '{_suffix(path)}' is not known.", f"Known: {listing(known, 30)}."
    )


def _suffix(path: Path) -> str:
    """Return a name's suffix, with the one before it where a file is compressed."""
    return "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix


def _suffixes(entry: Entry) -> tuple[str, ...]:
    return cast("type[Dataset]", entry.component).suffixes


def read_rows(
    path: Path,
    registry: Registry,
    run_options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> pa.Table:
    """Read a file of rows; see `row_format`.

    Args:
        path: The file, or a folder.
        registry: The components there are.
        run_options: The data set section of a run's frozen configuration, if any.
        progress: Told how far it is.

    Raises:
        UserError: It is not there, not readable, or of an unknown suffix.
    """
    return row_format(path, registry, run_options).read(path, progress)


def write_rows(table: pa.Table, path: Path, registry: Registry) -> None:
    """Write a file of rows, whole or not at all."""
    row_format(path, registry, write=True).write(table, path)
