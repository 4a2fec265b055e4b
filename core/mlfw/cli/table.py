"""Plain tables for terminals and pipes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from mlfw.cli.output import terminal_width
from mlfw.cli.wrapping import columns, longest_word, padded, wrapped

GAP = "  "
NARROWEST = 12


def print_table(heading: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows in aligned columns; see `table_lines`. In a pipe there is room for all."""
    for line in table_lines(heading, rows, terminal_width(sys.stdout), indent):
        print(line)


def table_lines(
    heading: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, indent: str = ""
) -> list[str]:
    """Return a table as lines, its cells wrapped by whole words where there is not enough room.

    Where there is too little for that, each row is a block of lines: its first cell, and under it
    each other one behind its column's heading.

    Args:
        heading: The columns' headings.
        rows: The cells.
        width: How many columns of a terminal there are; None for any number.
        indent: What stands before each line.
    """
    table = [heading, *rows]
    widths = [max(columns(row[i]) for row in table) for i in range(len(heading))]
    if width is not None:
        least = [
            max(min(natural, NARROWEST), *(longest_word(row[i]) for row in table))
            for i, natural in enumerate(widths)
        ]
        room = width - len(indent) - len(GAP) * (len(heading) - 1)
        if sum(least) > room:
            return list(_blocks(heading, rows, width, indent))
        widths = _narrowed(widths, least, room)
    return [f"{indent}{line}".rstrip() for row in table for line in _aligned(row, widths)]


def _narrowed(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return widths that fit, those of the widest columns made smaller."""
    narrowed = list(widths)
    while sum(narrowed) > room:
        widest = max(
            (i for i in range(len(narrowed)) if narrowed[i] > least[i]), key=narrowed.__getitem__
        )
        narrowed[widest] -= 1
    return narrowed


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [wrapped(cell, width, "") for cell, width in zip(row, widths, strict=True)]
    for parts in zip_longest(*cells, fillvalue=""):
        yield GAP.join(padded(part, width) for part, width in zip(parts, widths, strict=True))


def _blocks(
    heading: Sequence[str], rows: Sequence[Sequence[str]], width: int, indent: str
) -> Iterator[str]:
    for row in rows:
        yield from wrapped(indent + row[0], width)
        for name, cell in zip(heading[1:], row[1:], strict=True):
            if cell:
                yield from wrapped(f"{indent}{GAP}{name}: {cell}", width)


def age(seconds: float) -> str:
    """Return a span of time as people say it: 5s, 12m, 3h, 4d."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(int(seconds), 0)}s"
