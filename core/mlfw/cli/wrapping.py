"""Text by the columns of a terminal: how many it takes, cutting it, wrapping it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# A word: what has no blanks, but for those between quotation marks or backticks.
WORD = r"""(?:(?<!\w)'[^'\n]*'(?!\w)|(?<!\w)"[^"\n]*"|`[^`\n]*`|\S)+"""
# How commands begin that messages tell to type.
COMMAND = r"""[(`'"]?(?:(?:\S*/)?mlfw\s+[a-z-]|pip\s+install\s|export\s|wandb\s+sync\s)"""
ENDS = (".", ",", ";", ":", ")")
INDENT = "  "


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """Return as much of a text as there are columns for, without signs that move the cursor."""
    kept, used = [], 0
    for sign in text:
        plain = sign if sign.isprintable() else "?"
        used += _columns(plain)
        if used > width:
            break
        kept.append(plain)
    return "".join(kept)


def padded(text: str, width: int) -> str:
    """Return a text with blanks behind it up to so many columns."""
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int, hang: str = INDENT) -> list[str]:
    """Return a text as lines that take no more columns than there are, by whole words.

    A command to type stays on one line, as it could not be copied otherwise, and so does a word;
    one that is longer than a line has a line of its own. Lines of the text stay apart and keep
    their indentation; what goes on from one that has none is indented.

    Args:
        text: One or more lines.
        width: How many columns there are.
        hang: How it is indented.
    """
    return [line for whole in text.split("\n") for line in _wrapped(whole, width, hang)]


def longest_word(text: str) -> int:
    """Return how many columns the longest part takes that `wrapped` never breaks."""
    return max(map(columns, _unbroken(text)), default=0)


def _wrapped(line: str, width: int, hang: str) -> Iterator[str]:
    if columns(line) <= width:
        yield line
        return
    own = line[: len(line) - len(line.lstrip())]
    shown = ""
    for part in _unbroken(line):
        tried = f"{shown} {part}" if shown else own + part
        if shown and columns(tried) > width:
            yield shown
            tried = (own or hang) + part
        shown = tried
    yield shown


def _unbroken(line: str) -> Iterator[str]:
    """Yield words, and commands of several words in one."""
    command: list[str] = []
    for found in re.finditer(WORD, line):
        word = found.group()
        if command or re.compile(COMMAND).match(line, found.start()):
            command.append(word)
            if not word.endswith(ENDS):
                continue
        yield " ".join(command) or word
        command = []
    if command:
        yield " ".join(command)


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
