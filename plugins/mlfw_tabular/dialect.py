"""Finding out how a CSV file is written: what stands between values, quotes, the header.

The rules look at up to 200 rows from the beginning of the file.

- A first line such as `sep=;`, which Excel writes, says what stands between values.
- The delimiter is the one of `,` `;` tab `|` that cuts most rows into as many values as the row of
  names; where several do, the one that makes the most columns. A comma between digits is a decimal
  comma where `;` does as well.
- The quote is `'` where values begin and end with it and none does with `"`; else it is `"`.
- Which line holds the names, `mlfw_tabular.header` tells.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from io import StringIO

from mlfw_tabular.header import Header, Line, find_header

DELIMITERS = (",", ";", "\t", "|")
MOST_ROWS = 200
MOST_CHARACTERS = 1 << 17
SEPARATOR_LINE = r'(?i)\s*"?sep=(\\t|tab|.)"?[,;\s]*(?:[\r\n]|$)'


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written.

    Attributes:
        encoding: How characters are encoded.
        delimiter: What stands between two values.
        quote: What stands around values; empty for nothing.
        escape: What stands before a quote within a value; empty where quotes are doubled.
        names: The columns' names as they stand in the file; none where they do not.
        width: The number of columns.
        skip: How many lines come before the names, or before the first row where there are none.
        titles: The lines before the names that are not blank.
        lacking: Which column the header leaves out: `first`, as R's row names, `last` or none.
        names_end: The last line of the header; `skip` where there is none.
        row_bytes: About how long a row is.
    """

    encoding: str
    delimiter: str
    quote: str
    escape: str = ""
    names: tuple[str, ...]
    width: int
    skip: int
    titles: tuple[str, ...] = ()
    lacking: str = ""
    names_end: int
    row_bytes: int

    @property
    def before_table(self) -> int:
        """How many lines come before the first row with as many values as there are columns."""
        return self.names_end if self.lacking else self.skip


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of how a CSV file is written; None for what is to be found out.

    Attributes:
        delimiter: See `Dialect`.
        quote: See `Dialect`.
        escape: See `Dialect`.
        header: Whether there is a header.
        skip: How many lines come before it.
        wanted: Columns that the file ought to have.
    """

    delimiter: str | None = None
    quote: str | None = None
    escape: str = ""
    header: bool | None = None
    skip: int | None = None
    wanted: Collection[str] = ()


def find_dialect(text: str, known: Known, *, encoding: str, whole: bool) -> Dialect | None:
    """Return how a CSV file is written, judged by its beginning; see the module.

    Args:
        text: The beginning, without a byte order mark; not blank.
        known: What is known already.
        encoding: How it was encoded.
        whole: Whether the text is the whole file.

    Returns:
        None where no line is left after those to be skipped.
    """
    said = re.match(SEPARATOR_LINE, text)
    skip = known.skip if known.skip is not None else len(_lines(said[0])) if said else 0
    lines = _lines(text)
    rest = "".join(lines[skip:])
    if not rest.strip():
        return None
    delimiter = known.delimiter or (_separator(said[1]) if said else None)
    tries = []
    for tried in (delimiter,) if delimiter else DELIMITERS:
        used = find_quote(rest, tried, known.escape) if known.quote is None else known.quote
        rows = read_rows(rest, tried, used, known.escape, whole=whole)
        header = find_header(
            [row.values for row in rows],
            wanted=known.wanted,
            header=known.header,
            titles=known.skip is None,
        )
        tries.append((tried, used, rows, header))
    found, used, rows, header = max(tries, key=lambda item: _fit(item[0], item[2], item[3]))
    first = rows[header.index]
    before = skip + first.first - 1
    return Dialect(
        encoding=encoding,
        delimiter=found,
        quote=used,
        escape=known.escape,
        names=header.names,
        width=header.width,
        skip=before,
        titles=tuple(filter(str.strip, lines[known.skip or 0 : before])),
        lacking=header.lacking,
        names_end=skip + first.last if header.names else before,
        row_bytes=len(rest) // max(rest.count("\n"), 1),
    )


def _lines(text: str) -> list[str]:
    """Return lines with their ends, of which a line of CSV knows only these three."""
    return list(StringIO(text, newline=""))


def _separator(text: str) -> str:
    return "\t" if len(text) > 1 else text


def read_rows(text: str, delimiter: str, quote: str, escape: str, *, whole: bool) -> list[Line]:
    """Return the first rows of a text, without the last one where it may be cut off."""
    reader = csv.reader(
        StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=escape or None,
    )
    rows: list[Line] = []
    before = 0
    try:
        for row in reader:
            if row:
                rows.append(Line(before + 1, reader.line_num, row))
            before = reader.line_num
            if len(rows) > MOST_ROWS:
                break
    except csv.Error:
        whole = True
    if len(rows) > 1 and (not whole or len(rows) > MOST_ROWS):
        return rows[:-1]
    return rows or [Line(1, 1, [text])]


def _fit(delimiter: str, rows: list[Line], header: Header) -> tuple[float, bool, int]:
    table, width = rows[header.index :], header.width
    others = table[1:] if len(table[0].values) != width else table
    alike = sum(len(row.values) == width for row in others) / len(others) if width > 1 else 0.0
    decimal_commas = delimiter == ";" and all(
        "," not in re.sub(r"(?<=\d),(?=\d)", "", value) for row in table for value in row.values
    )
    return round(alike, 2), decimal_commas, width


def find_quote(text: str, delimiter: str, escape: str) -> str:
    """Return the character that stands around values."""
    text = text[:MOST_CHARACTERS]
    edge, end = f"(?:^|{re.escape(delimiter)})", f"(?=\\s*$|{re.escape(delimiter)})"
    if re.search(f'{edge}"', text, re.MULTILINE):
        return '"'
    opened = len(re.findall(f"{edge}'", text, re.MULTILINE))
    pair = rf"|{re.escape(escape)}." if escape else ""
    other = f"[^'\n{re.escape(escape)}]"
    closed = len(re.findall(f"{edge}'(?:{other}|''{pair})*'{end}", text, re.MULTILINE))
    return "'" if closed and closed >= 0.9 * opened else '"'
