"""Reading several files as one table, and telling how far that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.components.dataset import Progress
from mlfw.components.megabytes import Megabytes
from mlfw.errors import listing
from mlfw.files import sha256
from mlfw_tabular.sources import Source
from mlfw_tabular.text_file import Told

if TYPE_CHECKING:
    import pyarrow as pa


class Telling:
    """Several files, and how much of all of them is read."""

    def __init__(self, progress: Progress, paths: Sequence[Path], doing: str = "") -> None:
        """Begin.

        Args:
            progress: Whom to tell.
            paths: The files.
            doing: What is done with them, such as `checksum of`; empty where they are read.
        """
        self._telling = Megabytes(progress, sum(path.stat().st_size for path in paths))
        self._doing = f"{doing} " if doing else ""
        self._before = 0

    def of(self, path: Path) -> Told:
        """Return what to tell how many bytes of one file are read."""

        def told(done: int) -> None:
            self._telling.tell(self._before + done, f"{self._doing}{path.name}")

        return told

    def finished(self, path: Path) -> None:
        """Take note that a file is read."""
        self._before += path.stat().st_size


def read_all(
    sources: list[Source], read: Callable[[Path, Told], pa.Table], progress: Progress
) -> pa.Table:
    """Return the rows of files one after the other, their columns matched by name.

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
    return tables[0] if len(tables) == 1 else _joined(tables, sources)


def checksums(paths: Sequence[Path], progress: Progress) -> list[str]:
    """Return the SHA-256 of each file's content."""
    telling = Telling(progress, paths, "checksum of")
    found = []
    for path in paths:
        found.append(sha256(path, telling.of(path)))
        telling.finished(path)
    return found


def _with_parts(table: pa.Table, source: Source) -> pa.Table:
    import pyarrow as pa

    for name, value in source.parts.items():
        if name not in table.column_names:
            table = table.append_column(
                name, pa.repeat(pa.scalar(value, pa.string()), table.num_rows)
            )
    return table


def check_alike(names: list[str], path: Path, first: list[str], first_path: Path) -> None:
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


def _joined(tables: list[pa.Table], sources: list[Source]) -> pa.Table:
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        raise _of_other_type(tables, sources) from None


def _of_other_type(tables: list[pa.Table], sources: list[Source]) -> UserError:
    """Return an error that names the first column that cannot be joined."""
    import pyarrow as pa

    for table, source in zip(tables[1:], sources[1:], strict=True):
        for name in table.column_names:
            both = [tables[0].select([name]), table.select([name])]
            try:
                pa.concat_tables(both, promote_options="permissive")
            except pa.ArrowException:
                return UserError(
                    f"{source.path}: column '{name}': expected {both[0][name].type} as in "
                    f"{sources[0].path}, found {both[1][name].type}.",
                    "Give the column one type in all files.",
                )
    return UserError(f"{sources[0].path}: its columns' types differ from those of other files.")


def check_names(names: list[str], path: Path, place: str = "") -> None:
    """Check that no two columns have one name.

    Raises:
        UserError: Two do.
    """
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise UserError(
            f"{path}: {place}the column '{name}' stands there twice.", "Rename one of them."
        )


def check_flat(table: pa.Table, place: str, drop: list[str]) -> None:
    """Check that every value is one value, or a list of words such as labels.

    Raises:
        UserError: A column that is not dropped holds nested values.
    """
    import pyarrow as pa

    for column in table.schema:
        kind = column.type
        words = pa.types.is_list(kind) and pa.types.is_string(kind.value_type)
        if pa.types.is_nested(kind) and not words and column.name not in drop:
            raise UserError(
                f"{place}: column '{column.name}': holds nested values of the type {kind}, "
                "expected numbers, words, dates, or lists of words.",
                f"Leave it out: dataset.drop=[{column.name}], or give each value in it a column.",
            )
