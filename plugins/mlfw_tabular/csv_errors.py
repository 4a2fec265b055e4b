"""Finding the line that makes a CSV file unreadable, which Arrow does not tell."""

from __future__ import annotations

import csv
from pathlib import Path

from mlfw import UserError
from mlfw_tabular.dialect import Dialect
from mlfw_tabular.text_file import encoding_error, text_lines

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


def _bad_row(path: Path, dialect: Dialect) -> tuple[str, str]:
    """Find the first line with more or fewer values than the first."""
    reader = csv.reader(
        text_lines(path, dialect.encoding),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    before = 0
    try:
        for row in reader:
            if row and len(row) != dialect.width:
                return _ragged(row, before + 1, reader.line_num, dialect)
            before = reader.line_num
    except csv.Error:
        return _unclosed(before + 1, dialect)
    return "", ""


def _ragged(row: list[str], first: int, last: int, dialect: Dialect) -> tuple[str, str]:
    if any("\n" in value for value in row) and last > first + 1:
        return _unclosed(first, dialect)
    found = f"line {first}: expected {dialect.width} values, found {len(row)}"
    return found, ""


def _unclosed(line: int, dialect: Dialect) -> tuple[str, str]:
    quote = dialect.quote
    return (
        f"line {line}: the quote {quote} that begins in it is not closed where the value ends",
        f"Close it, or for a file without quotes type: dataset.quote=''. A {quote} within a "
        f"quoted value is written twice.",
    )


def unclosed_error(path: Path, dialect: Dialect, last: str) -> UserError | None:
    """Return an error where a file's last value ends with the file, and not with a quote.

    Args:
        path: The file.
        dialect: How it is written.
        last: Its last value, with line ends in it.
    """
    lines, end = 0, ""
    for line in text_lines(path, dialect.encoding):
        lines += 1
        end = line.strip() or end
    if end.endswith(dialect.quote):
        return None
    within = len(last.rstrip("\r\n").splitlines()) - 1
    trailing = len(last) - len(last.rstrip("\n"))
    problem, remedy = _unclosed(lines - within - max(trailing - 1, 0), dialect)
    return UserError(f"{path}: {problem}.", remedy)


def header_error(path: Path, dialect: Dialect) -> UserError:
    """Return an error about a header without any name."""
    return UserError(
        f"{path}: line {dialect.blank_lines + 1}: expected the columns' names, found none.",
        "Write them in the first line, or set dataset.header=false.",
    )
