"""Finding the line that makes a CSV file unreadable, which Arrow does not tell."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.hints import override
from mlfw.remote import AnyFile
from mlfw_tabular.dialect import Dialect
from mlfw_tabular.text_file import encoding_error, text_lines

if TYPE_CHECKING:
    import _csv

    import pyarrow as pa

MOST_CHARACTERS = 1 << 30
SHOWN = {"\t": "tab", "": "none"}
BACKSLASH = "\\"
ESCAPE = f"Type: {override('dataset.escape', 'backslash')}"


def reason(path: AnyFile, dialect: Dialect, error: Exception) -> UserError:
    """Return an error that names the line, for one of Arrow's."""
    text = str(error).splitlines()[0]
    if "UTF8" in text:
        return encoding_error(path, dialect.encoding)
    found, remedy = _bad_row(path, dialect)
    delimiter = SHOWN.get(dialect.delimiter, f"'{dialect.delimiter}'")
    return UserError(f"{path}: {found or text}, with {delimiter} between values.", remedy)


def check_header_again(path: AnyFile, dialect: Dialect, table: pa.Table, before: int = 0) -> None:
    """Check that no row repeats the header, as where files were joined.

    Args:
        path: The file.
        dialect: How it is written.
        table: Rows of it.
        before: How many rows come before these.

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
    row = before + pc.index(again, True).as_py() + 1
    raise UserError(
        f"{path}: row {row}: is the header again.",
        "Take the line out. Where files were joined, name them apart: "
        "dataset.path=[A.csv,B.csv] Where no line is a header: "
        f"{override('dataset.header', False)}",
    )


def _bad_row(path: AnyFile, dialect: Dialect) -> tuple[str, str]:
    """Find the first line with a stray quote, or more or fewer values than the first."""
    with _strict_reader(path, dialect) as reader:
        before = dialect.before_table
        skipped = before
        try:
            for row in reader:
                if row and len(row) != dialect.width:
                    values = f"{dialect.width} value{'s' * (dialect.width != 1)}"
                    expected = f"expected {values}, found {len(row)}"
                    return f"line {before + 1}: {expected}", _ragged(path, dialect, row, before)
                before = skipped + reader.line_num
        except csv.Error:
            return _unclosed(path, before + 1, dialect)
    return "", "Correct the line, or set dataset.delimiter."


def _ragged(path: AnyFile, dialect: Dialect, row: list[str], before: int) -> str:
    """Return what to do about a row with more or fewer values than the first."""
    if row[0].lstrip().startswith("#"):
        return f"Take the lines that begin with # out: grep -v '^#' {_quoted(path)} > new.csv"
    escaped = any(value.endswith(BACKSLASH) or f"{BACKSLASH}'" in value for value in row[:-1])
    if escaped and not dialect.escape:
        return ESCAPE
    if before == dialect.names_end or len(row) > dialect.width:
        lines = override("dataset.skip", max(before, 1))
        return (
            "Correct the line, or set dataset.delimiter. Where lines above the names are no part "
            f"of the table, say how many: {lines}"
        )
    return "Correct the line, or take it out, or set dataset.delimiter."


def _quoted(path: AnyFile) -> str:
    return shlex.quote(str(path))


def check_escapes(path: AnyFile, dialect: Dialect, text: str) -> None:
    """Check that no quote or delimiter in a value has a backslash before it, unless that is said.

    Arrow would take such a quote for the end of the value, and what follows for more of it; a
    delimiter so escaped in every row would make row names of the first column.

    Args:
        path: The file.
        dialect: How it is written.
        text: Its beginning.

    Raises:
        UserError: Values are written so.
    """
    if dialect.escape:
        return
    if dialect.lacking == "first":
        marks = (BACKSLASH + dialect.delimiter, f"{BACKSLASH}'")
        rows = text.splitlines()[dialect.names_end : -1] or [""]
        if all(any(mark in row for mark in marks) for row in rows):
            raise UserError(
                f"{path}: line {dialect.names_end + 1}: expected {len(dialect.names) - 1} values, "
                f"found {len(dialect.names)}, with a {BACKSLASH} before a quote or a "
                f"'{dialect.delimiter}'.",
                ESCAPE,
            )
    if not dialect.quote or BACKSLASH + dialect.quote not in text:
        return
    plain = _broken_line(text, dialect, None)
    if plain is None:
        return
    escaped = _broken_line(text, dialect, BACKSLASH)
    if escaped is None or escaped > plain:
        quote = dialect.quote
        raise UserError(
            f"{path}: line {plain}: a {BACKSLASH}{quote} stands within a quoted value, where "
            f"expected {quote}{quote}.",
            ESCAPE,
        )


def _broken_line(text: str, dialect: Dialect, escape: str | None) -> int | None:
    """Return the first line with a stray quote; None where all quotes are paired."""
    whole = text.rpartition("\n")[0]
    reader = csv.reader(
        StringIO(whole, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=escape,
        strict=True,
    )
    before = 0
    with _long_values():
        try:
            for _ in reader:
                before = reader.line_num
        except csv.Error as error:
            # The text may be cut within a value.
            return None if "unexpected end" in str(error) else before + 1
    return None


@contextmanager
def _long_values() -> Iterator[None]:
    """Let a reader take values of any length, as stray quotes make them."""
    limit = csv.field_size_limit(MOST_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@contextmanager
def _strict_reader(path: AnyFile, dialect: Dialect) -> Iterator[_csv.Reader]:
    """Yield a reader of the rows, those of the names included, that tells of stray quotes."""
    skipped = dialect.before_table
    with _long_values():
        yield csv.reader(
            islice(text_lines(path, dialect.encoding), skipped, None),
            delimiter=dialect.delimiter,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            escapechar=dialect.escape or None,
            strict=True,
        )


def _unclosed(path: AnyFile, line: int, dialect: Dialect) -> tuple[str, str]:
    quote = dialect.quote
    there = next(islice(text_lines(path, dialect.encoding), line - 1, None), "")
    if BACKSLASH + quote in there and not dialect.escape:
        return f"line {line}: a {BACKSLASH}{quote} stands within a quoted value", ESCAPE
    return (
        f"line {line}: the quote {quote} that begins in it is not closed where the value ends",
        f"Close it, or for a file without quotes type: dataset.quote=''. A {quote} within a "
        "quoted value is written twice.",
    )


def check_quotes(path: AnyFile, dialect: Dialect, table: pa.Table) -> None:
    """Check that no quote has swallowed rows; Arrow takes any text up to the next one.

    Values of several lines are looked at again only where the last one ends the file, or where
    there is a quote in one of them.

    Raises:
        UserError: A value does not end where its quote does.
    """
    if quotes_lines(table, dialect.quote) or ends_in_lines(table):
        check_paired(path, dialect)


def quotes_lines(rows: pa.Table, quote: str) -> bool:
    """Return whether a value of several lines has a quote in it."""
    import pyarrow.compute as pc

    for column in map(_different, rows.columns):
        if column is not None:
            several = column.filter(pc.match_substring(column, "\n"))
            if pc.any(pc.match_substring(several, quote)).as_py():
                return True
    return False


def ends_in_lines(rows: pa.Table) -> bool:
    """Return whether the last value of rows, of which there is one at least, has several lines."""
    return "\n" in str(rows[rows.num_columns - 1][-1].as_py())


def check_paired(path: AnyFile, dialect: Dialect) -> None:
    """Check that every quote of a file has its counterpart.

    Raises:
        UserError: A value does not end where its quote does.
    """
    with _strict_reader(path, dialect) as reader:
        skipped = before = dialect.before_table
        try:
            for _ in reader:
                before = skipped + reader.line_num
        except csv.Error:
            problem, remedy = _unclosed(path, before + 1, dialect)
            raise UserError(f"{path}: {problem}.", remedy) from None


def _different(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return strings, those of a dictionary once a chunk; None for numbers."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return pa.chunked_array([chunk.dictionary for chunk in column.chunks], pa.string())
    return column if pa.types.is_string(column.type) else None


def header_error(path: AnyFile, dialect: Dialect) -> UserError:
    """Return an error about a header without any name."""
    return UserError(
        f"{path}: line {dialect.skip + 1}: expected the columns' names, found none.",
        "Write them in the first line, or set dataset.header=false.",
    )
