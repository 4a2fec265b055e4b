"""Plain tables for terminals and pipes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence


def print_table(heading: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print rows in aligned columns, cut at the terminal's width and never in a pipe."""
    widths = [max(len(row[i]) for row in [heading, *rows]) for i in range(len(heading))]
    most = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for row in [heading, *rows]:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        line = (indent + "  ".join(cells)).rstrip()
        print(line if most is None or len(line) <= most else f"{line[: most - 1]}…")


def age(seconds: float) -> str:
    """Return a span of time as people say it: 5s, 12m, 3h, 4d."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(int(seconds), 0)}s"
