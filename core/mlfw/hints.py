"""Hints that can be typed in a shell as they are printed, and text that is safe to print."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# Patterns are compiled when they are first used, as most commands need none of them.
PLAIN_NAME = r"[\w-]+"
PLAIN_VALUE = r"[A-Za-z_/][\w./%+-]*"
RESERVED = {"true", "false", "null", "inf", "nan", "yes", "no", "on", "off"}
REQUIREMENT = (
    r"(?a)[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?(\[[\w.,-]+\])?((==|>=|<=|~=|!=|<|>)[\w.*+,<>=!~]+)?"
)
INTERPOLATION = r"(\\*)\$\{"
# Terminal escapes, what reorders or hides text, line separators and halves of characters. Newline
# and tab stay, as do the joiners that some scripts are written with.
UNSAFE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
NO_SINGLE_LINE = rf"[\n\t]|{UNSAFE}"


class ShellWord(str):
    """One word of a shell command, quoted already."""

    __slots__ = ()


def override(key: str, value: object, *, name: str | None = None) -> ShellWord:
    """Return `key=value` as it can be typed in a shell, whatever the value and the name hold.

    Args:
        key: A dotted key of the configuration, such as `dataset.columns`.
        value: Text, a number, a boolean, None, a list or a mapping of these.
        name: The last part of the key where it is a name from the data, such as a column's; it
            may hold dots, blanks, brackets, quotes and equals signs.

    Returns:
        One word of a POSIX shell, on one line, which `mlfw run` reads as this key and this value.
    """
    return _shell_word(f"{dotted(key, name)}={_value(value)}")


def dotted(key: str, name: str | None = None) -> str:
    """Return a key of the configuration with a name from the data as its last part.

    Args:
        key: The key above, such as `dataset.columns`.
        name: The name; it is quoted where it is not of letters, digits, `_` and `-` alone.
    """
    if name is None:
        return key
    return f"{key}.{name if re.fullmatch(PLAIN_NAME, name) else quoted(name)}"


def command(*words: str | Path) -> str:
    """Return a command of mlfw as it can be typed in a shell.

    It begins with the path of `mlfw` where the shell would not find it by name alone.

    Args:
        words: What follows `mlfw`, each one word of the shell. What `override` returns stays as
            it is; everything else is quoted where it has to be.
    """
    return " ".join([program(), *map(shell_word, words)])


def program(name: str = "mlfw") -> str:
    """Return how a program is to be typed here: by name, or by path where it is not on PATH.

    Args:
        name: The program, which is installed beside this Python.
    """
    script = Path(sys.argv[0]) if sys.argv else Path(name)
    if script.name != name or not script.is_absolute():
        script = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    if not script.is_file() or (found and os.path.samefile(found, script)):  # noqa: PTH121
        return name
    here = script.is_relative_to(Path.cwd())
    return _shell_word(os.path.relpath(script) if here else str(script))


def shell_word(word: str | Path) -> ShellWord:
    """Return a text or a path as one word of a shell, on one line.

    Args:
        word: A path that begins with a dash is given a leading `./`, so that it is no option.
    """
    if isinstance(word, ShellWord):
        return word
    text = str(word)
    return _shell_word(f"./{text}" if isinstance(word, Path) and text.startswith("-") else text)


def install(*requirements: str) -> str:
    """Return `pip install ...` as it can be typed in a shell.

    Args:
        requirements: Names of distributions, perhaps with extras and versions. What is none, as
            it may come from a file that others wrote, is left out.

    Returns:
        The command; empty where no requirement is left.
    """
    valid = [f'"{text}"' for text in requirements if re.fullmatch(REQUIREMENT, text)]
    return " ".join(["pip install", *valid]) if valid else ""


def printable(text: str) -> str:
    r"""Return text with control characters, such as terminal escapes, shown as `\x1b`.

    Line breaks and tabs stay.
    """
    return re.sub(UNSAFE, lambda match: _escaped(match[0]), text)


def quoted(text: str) -> str:
    """Return a text in double quotes, as a configuration's overrides take it."""
    escaped = re.sub(r'(\\*)"', lambda match: f'{match[1] * 2}\\"', text)
    return '"' + re.sub(r"\\+\Z", lambda match: match[0] * 2, escaped) + '"'


def unquoted(text: str) -> str:
    """Return what a quoted text holds; a backslash counts only before a quote and at the end."""
    return re.sub(rf"\\+(?={text[0]}|\Z)", lambda match: match[0][: len(match[0]) // 2], text[1:-1])


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _shell_word(text: str) -> ShellWord:
    r"""Return text quoted for a shell, with control characters written as in `$'\033'`."""
    if not re.search(NO_SINGLE_LINE, text):
        return ShellWord(shlex.quote(text))
    inner = text.replace("\\", r"\\").replace("'", r"\'")
    return ShellWord(f"$'{re.sub(NO_SINGLE_LINE, lambda match: _octal(match[0]), inner)}'")


def _octal(character: str) -> str:
    if character in "\n\t":
        return {"\n": r"\n", "\t": r"\t"}[character]
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def _value(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(str(k))}:{_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(_value(item) for item in value) + "]"
    return _text(value) if isinstance(value, str) else str(value)


def _key(name: str) -> str:
    return name if re.fullmatch(PLAIN_VALUE, name) else quoted(name)


def _text(value: str) -> str:
    if re.fullmatch(PLAIN_VALUE, value) and value.lower() not in RESERVED:
        return value
    # A literal `${` is not to be taken for a reference to another key.
    return quoted(re.sub(INTERPOLATION, lambda match: f"{match[1] * 2}\\${{", value))
