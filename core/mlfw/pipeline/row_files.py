"""Files of rows, read and written by the data set component that knows their suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlfw.components import Dataset
from mlfw.components.dataset import Progress, silent
from mlfw.config.components import USE, build_component
from mlfw.disk import check_output
from mlfw.errors import UserError, listing
from mlfw.pipeline.streams import is_stream, write_stream
from mlfw.plugins import Entry, Registry, require_packages

if TYPE_CHECKING:
    import pyarrow as pa

STREAMED = Path("rows.csv")


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
        UserError: There is none; or something else than a file is to be written.
    """
    if write:
        check_output(path)
    entries = registry.kind("dataset")
    options = dict(run_options or {})
    own = entries.get(options.pop(USE, ""))
    if own is not None and _suffixes(own):
        component = cast("Dataset", build_component(own, options, "dataset"))
        if component.writes(path) if write else component.reads(path):
            require_packages([own])
            return component
        if not write and os.path.isdir(path):  # noqa: PTH112
            raise UserError(
                f"{path}: is a folder, expected a file, as the run was trained on.",
                f"Name one of its files: {path / '...'}",
            )
    read = False
    for entry in filter(_suffixes, entries.values()):
        component = cast("Dataset", entry.component())
        if component.writes(path) if write else component.reads(path):
            require_packages([entry])
            return component
        read |= component.reads(path)
    raise UserError(*_unknown(path, entries.values(), write=write, read=read))


def _unknown(path: Path, entries: Iterable[Entry], *, write: bool, read: bool) -> tuple[str, str]:
    """Return what is wrong with a suffix, and which ones there are."""
    known = sorted(
        suffix
        for entry in filter(_suffixes, entries)
        for suffix in _suffixes(entry)
        if not write or cast("Dataset", entry.component()).writes(Path(f"rows{suffix}"))
    )
    found = f"{path}: the suffix '{_suffix(path)}' is not known."
    if not write:
        return found, f"Known: {listing(known, 30)}."
    if read:
        found = f"{path}: files that end in '{_suffix(path)}' are read and not written."
    return found, f"Write a file that ends in one of {listing(known, 30)}."


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
    *,
    names: Sequence[str] = (),
    noted: Callable[[str], None] | None = None,
) -> pa.Table:
    """Read a file of rows; see `row_format`.

    Args:
        path: The file, or a folder.
        registry: The components there are.
        run_options: The data set section of a run's frozen configuration, if any.
        progress: Told how far it is.
        names: The columns that the file ought to have, where they are known.
        noted: Given what a person should know of how the file was understood.

    Raises:
        UserError: It is not there, not readable, or of an unknown suffix.
    """
    component = row_format(path, registry, run_options)
    component.expect(names)
    rows = component.read(path, progress)
    if noted is not None:
        for note in component.notes():
            noted(f"{note.column}: {note.message}" if note.column else note.message)
    return rows


def row_batches(
    path: Path,
    registry: Registry,
    run_options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    *,
    names: Sequence[str] = (),
) -> Iterator[pa.Table]:
    """Yield the rows of a file in tables of bounded size, a large file in bounded memory.

    Args:
        path: The file.
        registry: The components there are.
        run_options: The data set section of a run's frozen configuration, if any.
        progress: Told how far it is.
        names: The columns that the file ought to have, where they are known.

    Raises:
        UserError: It is not there, not readable, or of an unknown suffix.
    """
    component = row_format(path, registry, run_options)
    component.expect(names)
    yield from component.batches(path, progress)


def read_row_pieces(
    path: Path,
    registry: Registry,
    run_options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    *,
    names: Sequence[str] = (),
) -> tuple[Iterator[pa.Table], Dataset] | None:
    """Return the rows of a large file piece by piece, and what reads them; see `read_rows`.

    None if the file is to be read as a whole, because it is small, of a format that cannot be read
    in pieces, or damaged.
    """
    component = row_format(path, registry, run_options)
    component.expect(names)
    try:
        pieces = component.read_pieces(path, progress)
    except UserError:
        return None
    return None if pieces is None else (pieces, component)


def row_writer(path: Path | None, registry: Registry) -> Dataset:
    """Return a data set component that writes to a path; CSV where that has no suffix of its own.

    Args:
        path: A file, a pipe or a device; None for standard output.
        registry: The components there are.

    Raises:
        UserError: There is none.
    """
    return row_format(_form(path), registry, write=True)


def write_rows(table: pa.Table, path: Path | None, registry: Registry) -> bool:
    """Write rows into a file, whole or not at all, or into a pipe or a device.

    Args:
        table: The rows.
        path: Where to; None for standard output.
        registry: The components there are.

    Returns:
        Whether it is a file.
    """
    writer = row_writer(path, registry)
    if path is None or is_stream(path):
        write_stream(writer.content(table, _form(path)), path)
        return False
    writer.write(table, path)
    return True


def write_row_pieces(tables: Iterable[pa.Table], path: Path, registry: Registry) -> int:
    """Write tables of one schema one after the other into a file, whole or not at all.

    Args:
        tables: One table at least; may be made while the file is written.
        path: The file.
        registry: The components there are.

    Returns:
        How many rows they have.
    """
    rows = 0

    def counted() -> Iterator[pa.Table]:
        nonlocal rows
        for table in tables:
            rows += table.num_rows
            yield table

    pieces = counted()
    first = next(pieces)  # nothing is written if it fails
    row_writer(path, registry).write_pieces(chain([first], pieces), path)
    return rows


def _form(path: Path | None) -> Path:
    """Return a name that says in which format is written."""
    if path is None:
        return STREAMED
    return STREAMED.with_suffix(path.suffix or STREAMED.suffix) if is_stream(path) else path
