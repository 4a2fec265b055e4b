"""Lines below the table of a CSV file that are no rows, such as who made it and when."""

from __future__ import annotations

import csv
import textwrap
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

from mlfw import Finding
from mlfw.remote import AnyFile
from mlfw_tabular.dialect import Dialect
from mlfw_tabular.text_file import text_lines

MOST_LINES = 20
SHOWN = 40


def footer_lines(path: AnyFile, dialect: Dialect) -> list[str]:
    """Return the lines at the end of a file that have fewer values than the rows have.

    They are a footer where a blank line stands above them, or where each is a lone text; a last
    row that was cut off is none.

    Args:
        path: The file.
        dialect: How it is written.
    """
    last = deque(text_lines(path, dialect.encoding), MOST_LINES + 1)
    if dialect.width < 2 or not last:
        return []
    found: list[str] = []
    apart = False
    for line in reversed(last):
        text = line.strip("\r\n")
        if dialect.quote and text.count(dialect.quote) % 2:
            return []  # part of a quoted value of several lines, or a quote that is never closed
        if not text.strip():
            apart = True
        elif len(_values(text, dialect)) < dialect.width:
            found.append(text)
            apart = False
        else:
            whole = last[-1].endswith(("\r", "\n"))
            lone = whole and all(_is_lone_text(each, dialect) for each in found)
            return found[::-1] if apart or lone else []
    return []


def skipped_rows(footer: Collection[str]) -> Callable[[Any], str]:
    """Return what tells Arrow to skip the lines of a footer, and no other row."""
    lines = {line.strip() for line in footer}
    return lambda row: "skip" if row.text.strip() in lines else "error"


def footer_note(path: AnyFile, footer: Sequence[str]) -> Finding:
    """Return what to tell of a footer."""
    lines = "line is" if len(footer) == 1 else f"{len(footer)} lines are"
    first = textwrap.shorten(footer[0], SHOWN, placeholder=" ...")
    return Finding(
        check="reading",
        message=f"{path.name}: the last {lines} no part of the table ('{first}').",
        remedy="Skipped.",
        fixed=True,
    )


def _values(line: str, dialect: Dialect) -> list[str]:
    return next(
        csv.reader([line], delimiter=dialect.delimiter or ",", quotechar=dialect.quote or None,
                   quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE),
        [],
    )  # fmt: skip


def _is_lone_text(line: str, dialect: Dialect) -> bool:
    return len(_values(line, dialect)) == 1 and any(map(str.isalpha, line))
