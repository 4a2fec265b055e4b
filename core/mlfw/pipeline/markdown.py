"""Markdown in which text from data, files and plugins is shown as it is, and is nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlfw.hints import printable

# Tags and comments, characters by name, and the ends of link texts.
TAG = re.compile(r"<(?=[A-Za-z/!?])")
NAMED = re.compile(r"&(?=#|[A-Za-z][A-Za-z0-9]*;)")
LINK = re.compile(r"\](?=\s*[(:\[])")
ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
BLANKS = re.compile(r"[\n\r\t]+")


def plain(text: str) -> str:
    """Return a text as one line of Markdown that shows it, without HTML, links and images."""
    line = BLANKS.sub(" ", printable(BLANKS.sub(" ", text)))
    line = NAMED.sub("&amp;", ESCAPE.sub(r"\\\\", line))
    return LINK.sub(r"\\]", TAG.sub("&lt;", line))


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines of Markdown, its cells shown as `plain` does."""
    return list(_lines([heading, ["---"] * len(heading), *rows]))


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        cells = (plain(cell).replace("|", r"\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
