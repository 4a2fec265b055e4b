"""Tables, names and code in Markdown, whatever stands in them."""

from __future__ import annotations

import json
from collections.abc import Sequence


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells in Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Return a text for a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Return a name as code in a table's cell; one with odd blanks in quotes."""
    if text != " ".join(text.split()) or not text:
        text = json.dumps(text, ensure_ascii=False)
    mark, space = ("``", " ") if "`" in text else ("`", "")
    escaped = text.replace("|", "\\|")
    return f"{mark}{space}{escaped}{space}{mark}"


def block(language: str, lines: str) -> str:
    """Return lines of code as a block."""
    fence = "````" if "```" in lines else "```"
    return f"{fence}{language}\n{lines}\n{fence}"
