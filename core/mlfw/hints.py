"""Hints that can be pasted into a shell as they are printed, and text that is safe to print."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PLAIN_NAME = re.compile(r"[\w-]+")
PLAIN_VALUE = re.compile(r"[A-Za-z_/][\w./%+-]*")
RESERVED = {"true", "false", "null", "inf", "nan", "yes", "no", "on", "off"}


def override(key: str, value: object, *, name: str | None = None) -> str:
    """Return `key=value` as it can be typed in a shell, whatever the value and the name hold.

    Args:
        key: A dotted key of the configuration, such as `dataset.columns`.
        value: Text, a number, a boolean, None, a list or a mapping of these.
        name: The last part of the key where it is a name from the data, such as a column's; it
            may hold dots, blanks, brackets, quotes and equals signs.
    """
    if name is not None:
        key = f"{key}.{name if PLAIN_NAME.fullmatch(name) else _quoted(name)}"
    return shlex.quote(f"{key}={_value(value)}")


def command(*words: str | Path) -> str:
    """Return a command of mlfw as it can be typed in a shell.

    It begins with the path of `mlfw` where the shell would not find it by name alone.

    Args:
        words: What follows `mlfw`; each is one word of the shell, but for what `override` has
            quoted already.
    """
    quoted = [word if _is_quoted(word) else shlex.quote(str(word)) for word in words]
    return " ".join([program(), *(str(word) for word in quoted)])


def program() -> str:
    """Return how `mlfw` is to be typed here: by name, or by path where it is not on PATH."""
    script = Path(sys.argv[0]) if sys.argv else Path("mlfw")
    if script.name != "mlfw" or not script.is_absolute():
        script = Path(sys.executable).with_name("mlfw")
    found = shutil.which("mlfw")
    if not script.is_file() or (found and os.path.samefile(found, script)):  # noqa: PTH121
        return "mlfw"
    return shlex.quote(os.path.relpath(script) if script.is_relative_to(Path.cwd()) else str(script))


def printable(text: str) -> str:
    """Return text with control characters, such as terminal escapes, shown as `\\x1b`.

    Line breaks and tabs stay.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _is_quoted(word: str | Path) -> bool:
    """Tell whether a word is one that a shell reads as one word already, as `override` returns."""
    if not isinstance(word, str) or "=" not in word:
        return False
    try:
        return len(shlex.split(word)) == 1
    except ValueError:
        return False


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_value(str(k))}:{_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        plain = PLAIN_VALUE.fullmatch(value) and value.lower() not in RESERVED
        return value if plain else _quoted(value)
    return str(value)
