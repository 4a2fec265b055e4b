"""Finding out how a CSV file is written: what stands between values, quotes, the header.

The rules look at up to 200 rows from the beginning of the file.

- The delimiter is the one of `,` `;` tab `|` that cuts most rows into as many values as the first
  row; where several do, the one that makes the most columns. A comma between digits is a decimal
  comma where `;` does as well.
- The quote is `'` where values begin and end with it and none does with `"`; else it is `"`.
- The first line is a header, unless it holds a number or date in a column that goes on so, and
  no word above such a column. Numbers that count up by one, such as years, are names all the
  same.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO
from itertools import islice, pairwise

from mlfw.schema.cast import MISSING_WORDS

DELIMITERS = (",", ";", "\t", "|")
MOST_ROWS = 200
MOST_CHARACTERS = 1 << 17
NUMBER_OR_DATE = re.compile(
    r"[+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?%?|\d+[-/.]\d+[-/.]\d+([T ][\d:.,+ Z-]+)?"
)
LEAST_COUNTED = 3


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        encoding: How characters are encoded.
        delimiter: What stands between two values.
        quote: What stands around values; empty for nothing.
        names: The columns' names as they stand in the file; none where they do not.
        width: The number of columns.
        blank_lines: How many blank lines come first.
        row_bytes: About how long a row is.
    """

    encoding: str
    delimiter: str
    quote: str
    names: tuple[str, ...]
    width: int
    blank_lines: int
    row_bytes: int


def find_dialect(
    text: str,
    *,
    encoding: str,
    whole: bool,
    delimiter: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
) -> Dialect:
    """Return how a CSV file is written, judged by its beginning; see the module.

    Args:
        text: The beginning, without a byte order mark; not blank.
        encoding: How it was encoded.
        whole: Whether the text is the whole file.
        delimiter: The delimiter, where it is known.
        quote: The quote, where it is known.
        header: Whether there is a header, where it is known.
    """
    rest = text.lstrip("\r\n")
    blank = len(text[: len(text) - len(rest)].splitlines())
    known = (delimiter,) if delimiter else DELIMITERS
    tries = []
    for tried in known:
        used = find_quote(rest, tried) if quote is None else quote
        tries.append((tried, used, read_rows(rest, tried, used, whole=whole)))
    found, used, rows = max(tries, key=lambda item: _fit(item[0], item[2]))
    first = rows[0]
    named = has_header(rows) if header is None else header
    return Dialect(
        encoding=encoding,
        delimiter=found,
        quote=used,
        names=tuple(first) if named else (),
        width=len(first),
        blank_lines=blank,
        row_bytes=len(rest) // max(rest.count("\n"), 1),
    )


def read_rows(text: str, delimiter: str, quote: str, *, whole: bool) -> list[list[str]]:
    """Return the first rows of a text, without the last one where it may be cut off."""
    reader = csv.reader(
        StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in islice(reader, MOST_ROWS + 1) if row)
    except csv.Error:
        whole = True
    return rows[:-1] if len(rows) > 1 and (not whole or len(rows) > MOST_ROWS) else rows or [[text]]


def _fit(delimiter: str, rows: list[list[str]]) -> tuple[float, bool, int]:
    width = len(rows[0])
    alike = sum(len(row) == width for row in rows) / len(rows) if width > 1 else 0.0
    decimal_commas = delimiter == ";" and all(
        "," not in re.sub(r"(?<=\d),(?=\d)", "", value) for row in rows for value in row
    )
    return round(alike, 2), decimal_commas, width


def find_quote(text: str, delimiter: str) -> str:
    """Return the character that stands around values."""
    text = text[:MOST_CHARACTERS]
    edge, end = f"(?:^|{re.escape(delimiter)})", f"(?=\\s*$|{re.escape(delimiter)})"
    if re.search(f'{edge}"', text, re.MULTILINE):
        return '"'
    opened = len(re.findall(f"{edge}'", text, re.MULTILINE))
    closed = len(re.findall(f"{edge}'(?:[^'\n]|'')*'{end}", text, re.MULTILINE))
    return "'" if closed and closed >= 0.9 * opened else '"'


def has_header(rows: list[list[str]]) -> bool:
    """Tell whether the first row holds names."""
    first, below = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    numbers = [
        value.strip()
        for index, value in enumerate(first)
        if value.strip() not in MISSING_WORDS and _all_numbers([row[index] for row in below])
    ]
    if not all(map(NUMBER_OR_DATE.fullmatch, numbers)):
        return True
    return not numbers or _counts_up(numbers)


def _all_numbers(values: list[str]) -> bool:
    present = [value for value in map(str.strip, values) if value not in MISSING_WORDS]
    return bool(present) and all(map(NUMBER_OR_DATE.fullmatch, present))


def _counts_up(values: list[str]) -> bool:
    if len(values) < LEAST_COUNTED or not all(value.isdecimal() for value in values):
        return False
    return all(int(after) - int(before) == 1 for before, after in pairwise(values))
