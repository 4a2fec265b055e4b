"""Reading several files as one table, and telling how far that is."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import Finding, UserError
from mlfw.components.dataset import Progress
from mlfw.components.megabytes import Megabytes
from mlfw.errors import listing
from mlfw.files import sha256
from mlfw.hints import override
from mlfw.remote import AnyFile, RemoteFile
from mlfw_tabular.mixed_values import AS_TEXT
from mlfw_tabular.sources import LocalSource
from mlfw_tabular.text_file import Told, size_of

if TYPE_CHECKING:
    import pyarrow as pa


class Telling:
    """Several files, and how much of all of them is read."""

    def __init__(self, progress: Progress, paths: Sequence[AnyFile], doing: str = "") -> None:
        """Begin.

        Args:
            progress: Whom to tell.
            paths: The files.
            doing: What is done with them, such as `checksum of`; empty where they are read.
        """
        self._telling = Megabytes(progress, sum(map(size_of, paths)))
        self._doing = f"{doing} " if doing else ""
        self._before = 0

    def of(self, path: AnyFile) -> Told:
        """Return what to tell how many bytes of one file are read."""

        def told(done: int) -> None:
            self._telling.tell(self._before + done, f"{self._doing}{path.name}")

        return told

    def finished(self, path: AnyFile) -> None:
        """Take note that a file is read."""
        self._before += size_of(path)


@contextmanager
def reading(path: AnyFile) -> Iterator[None]:
    """Raise what a disk or a storage refuses in the block as a `UserError`."""
    try:
        if isinstance(path, RemoteFile):
            with path.reported():
                yield
        else:
            yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # it is written to
        raise UserError(
            f"{path}: cannot be read: {error.strerror or error}.", "Check the disk."
        ) from None


def read_all(
    sources: Sequence[LocalSource],
    read: Callable[[Path, Told], pa.Table],
    progress: Progress,
    drop: Collection[str] = (),
) -> tuple[pa.Table, list[Finding]]:
    """Return the rows of files one after the other, their columns matched by name.

    Args:
        sources: The files.
        read: Reads one of them.
        progress: Told how far it is.
        drop: Columns whose values do not matter.

    Returns:
        The rows, and notes of columns that are of several types and therefore text.

    Raises:
        UserError: A file cannot be read, or its columns differ from those of the first.
    """
    telling = Telling(progress, [source.path for source in sources])
    tables: list[pa.Table] = []
    for source in sources:
        table = _with_parts(read(source.path, telling.of(source.path)), source)
        if tables:
            check_alike(table.column_names, source.path, tables[0].column_names, sources[0].path)
            table = table.select(tables[0].column_names)
        tables.append(table)
        telling.finished(source.path)
    return join(tables, [source.path.name for source in sources], drop)


def checksums(paths: Sequence[Path], progress: Progress) -> list[str]:
    """Return the SHA-256 of each file's content."""
    telling = Telling(progress, paths, "checksum of")
    found = []
    for path in paths:
        found.append(sha256(path, telling.of(path)))
        telling.finished(path)
    return found


def _with_parts(table: pa.Table, source: LocalSource) -> pa.Table:
    import pyarrow as pa

    for name, value in source.parts.items():
        if name not in table.column_names:
            table = table.append_column(
                name, pa.repeat(pa.scalar(value, pa.string()), table.num_rows)
            )
    return table


def check_alike(names: list[str], path: AnyFile, first: list[str], first_path: AnyFile) -> None:
    """Check that a file has the columns of the first one.

    Raises:
        UserError: It has not; the message names those that differ.
    """
    missing = sorted(set(first) - set(names))
    more = sorted(set(names) - set(first))
    if not missing and not more:
        return
    lacks = f" it has no column {listing(missing)};" if missing else ""
    has = f" it has {listing(more)} besides;" if more else ""
    raise UserError(
        f"{path}: expected the columns of {first_path}:{lacks}{has}".rstrip(";") + ".",
        "Rename its columns, or leave the file out of dataset.path.",
    )


def join(
    tables: Sequence[pa.Table], places: Sequence[str], drop: Collection[str]
) -> tuple[pa.Table, list[Finding]]:
    """Return tables one after the other; columns of several types as text, and notes of these.

    Args:
        tables: Tables of the same columns.
        places: What each is called in messages.
        drop: Columns whose values do not matter.

    Raises:
        UserError: A column is nested in one of them and not in another.
    """
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive"), []
    except pa.ArrowException:
        unlike = list(_unlike(tables))
    notes = []
    for name, number in unlike:
        expected, found = tables[0][name].type, tables[number][name].type
        if name in drop:
            columns = [pa.chunked_array([pa.nulls(len(each))]) for each in tables]
        else:
            try:
                columns = [each[name].cast(pa.string()) for each in tables]
            except pa.ArrowException:
                raise UserError(
                    f"{places[number]}: column '{name}': expected {expected} as in {places[0]}, "
                    f"found {found}.",
                    "Give the column one type in all files.",
                ) from None
            notes.append(
                Finding(
                    check="reading",
                    message=f"{expected} in {places[0]}, {found} in {places[number]}.",
                    remedy=AS_TEXT,
                    column=name,
                    fixed=True,
                )
            )
        tables = [
            each.set_column(each.column_names.index(name), name, column)
            for each, column in zip(tables, columns, strict=True)
        ]
    return pa.concat_tables(tables, promote_options="permissive"), notes


def _unlike(tables: Sequence[pa.Table]) -> Iterator[tuple[str, int]]:
    """Yield columns that cannot be joined, and the first table of another type."""
    import pyarrow as pa

    for name in tables[0].column_names:
        for number in range(1, len(tables)):
            try:
                pa.concat_tables(
                    [each.select([name]) for each in (tables[0], tables[number])],
                    promote_options="permissive",
                )
            except pa.ArrowException:
                yield name, number
                break


def check_names(names: list[str], path: AnyFile, place: str = "") -> None:
    """Check that no two columns have one name.

    Raises:
        UserError: Two do.
    """
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise UserError(
            f"{path}: {place}the column '{name}' stands there twice.", "Rename one of them."
        )


def check_flat(schema: pa.Schema, place: str, drop: list[str]) -> None:
    """Check that every value is one value, or a list of words such as labels.

    Raises:
        UserError: A column that is not dropped holds nested values.
    """
    import pyarrow as pa

    for column in schema:
        kind = column.type
        words = pa.types.is_list(kind) and pa.types.is_string(kind.value_type)
        if pa.types.is_nested(kind) and not words and column.name not in drop:
            raise nested_error(place, column.name, f" of the type {kind}")


def nested_error(place: str, name: str, kind: str = "") -> UserError:
    """Return an error about a column that holds nested values."""
    return UserError(
        f"{place}: column '{name}': holds nested values{kind}, expected numbers, words, dates, or "
        "lists of words.",
        f"Leave it out: {override('dataset.drop', [name])}, or give each value in it a column.",
    )
