"""Finding the line that makes a CSV file unreadable, which Arrow does not tell."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw_tabular.dialect import Dialect
from mlfw_tabular.text_file import encoding_error, text_lines

if TYPE_CHECKING:
    import _csv

    import pyarrow as pa

MOST_CHARACTERS = 1 << 30
COMMENTS = "Take the lines that begin with # out: grep -v '^#' FILE > NEW.csv"
SHOWN = {"\t": "tab", "": "none"}


def reason(path: Path, dialect: Dialect, error: Exception) -> UserError:
    """Return an error that names the line, for one of Arrow's."""
    text = str(error).splitlines()[0]
    if "UTF8" in text:
        return encoding_error(path, dialect.encoding)
    found, remedy = _bad_row(path, dialect)
    delimiter = SHOWN.get(dialect.delimiter, f"'{dialect.delimiter}'")
    return UserError(
        f"{path}: {found or text}, with {delimiter} between values.",
        remedy or "Correct the line, or set dataset.delimiter.",
    )


def check_header_again(path: Path, dialect: Dialect, table: pa.Table) -> None:
    """Check that no row repeats the header, as where files were joined.

    Raises:
        UserError: One does; the message names it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(dialect.names) < 2:  # a lone column may well hold its own name
        return
    again: pa.ChunkedArray | None = None
    for name, values in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_floating(values.type):  # holds no name
            return
        words = values.cast(pa.string())
        same = pc.equal(words, name) if again is None else pc.and_(again, pc.equal(words, name))
        if not pc.any(same).as_py():
            return
        again = same
    row = pc.index(again, True).as_py() + 1
    raise UserError(
        f"{path}: row {row}: is the header again.",
        "Take the line out. Where files were joined, name them apart: dataset.path=[A.csv,B.csv]",
    )


def _bad_row(path: Path, dialect: Dialect) -> tuple[str, str]:
    """Find the first line with a stray quote, or more or fewer values than the first."""
    with _strict_reader(path, dialect) as reader:
        before = 0
        try:
            for row in reader:
                if row and len(row) != dialect.width:
                    found = f"line {before + 1}: expected {dialect.width} values, found {len(row)}"
                    return found, COMMENTS if _is_comment(dialect) else ""
                before = reader.line_num
        except csv.Error:
            return _unclosed(before + 1, dialect)
    return "", ""


def _is_comment(dialect: Dialect) -> bool:
    """Tell whether what was taken for the header looks like a remark about the file."""
    return dialect.width == 1 and "".join(dialect.names).startswith("#")


@contextmanager
def _strict_reader(path: Path, dialect: Dialect) -> Iterator[_csv.Reader]:
    """Yield a reader that tells of stray quotes, however long the values are that they make."""
    limit = csv.field_size_limit(MOST_CHARACTERS)
    try:
        yield csv.reader(
            text_lines(path, dialect.encoding),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            strict=True,
        )
    finally:
        csv.field_size_limit(limit)


def _unclosed(line: int, dialect: Dialect) -> tuple[str, str]:
    quote = dialect.quote
    return (
        f"line {line}: the quote {quote} that begins in it is not closed where the value ends",
        f"Close it, or for a file without quotes type: dataset.quote=''. A {quote} within a "
        "quoted value is written twice.",
    )


def check_quotes(path: Path, dialect: Dialect, table: pa.Table) -> None:
    """Check that no quote has swallowed rows; Arrow takes any text up to the next one.

    Values of several lines are looked at again only where the last one ends the file, or where
    there is a quote in one of them.

    Raises:
        UserError: A value does not end where its quote does.
    """
    import pyarrow.compute as pc

    suspicious = False
    for column in map(_different, table.columns):
        if column is None:
            continue
        several = column.filter(pc.match_substring(column, "\n"))
        suspicious |= bool(pc.any(pc.match_substring(several, dialect.quote)).as_py())
    last = table[table.num_columns - 1][-1].as_py()
    if not suspicious and "\n" not in str(last):
        return
    with _strict_reader(path, dialect) as reader:
        before = 0
        try:
            for _ in reader:
                before = reader.line_num
        except csv.Error:
            problem, remedy = _unclosed(before + 1, dialect)
            raise UserError(f"{path}: {problem}.", remedy) from None


def _different(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return strings, those of a dictionary once a chunk; None for numbers."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return pa.chunked_array([chunk.dictionary for chunk in column.chunks], pa.string())
    return column if pa.types.is_string(column.type) else None


def header_error(path: Path, dialect: Dialect) -> UserError:
    """Return an error about a header without any name."""
    return UserError(
        f"{path}: line {dialect.blank_lines + 1}: expected the columns' names, found none.",
        "Write them in the first line, or set dataset.header=false.",
    )
