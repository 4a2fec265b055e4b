"""Reading a YAML file as data, and nothing but data, in a time that grows with its size alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from mlfw.config.values import FLOAT, MOST_DEPTH, Written
from mlfw.errors import UserError
from mlfw.hints import printable

MOST_BYTES = 1_000_000
MOST_VALUES = 100_000
SHORT = 20_000
REMEDY = "Write lines of the form `key: value`; see examples/penguins/run.yaml."

STRING = "tag:yaml.org,2002:str"
# As in YAML 1.2: no dates, no numbers to the base 60, no octal numbers from a leading zero, and
# `on`, `off`, `y` and `n` are words, as they are on the command line.
WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
INTEGER = re.compile(r"[+-]?(0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+)")
NUMBER = re.compile(r"[+-]?\.?[0-9]")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping with its size, depth and features bounded.

    Returns:
        Its values by key; keys are text as it is written, and lone values that are no text come as
        `Written`.

    Raises:
        UserError: The file is missing, too large, not YAML, or no mapping.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file.", "Check the path of the configuration.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    size = max(size, len(content))
    if size > MOST_BYTES:
        raise UserError(f"{path}: {size:,} bytes; a configuration has at most {MOST_BYTES:,}.")
    try:
        data = _read(path, content.decode("utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise UserError(
            f"{path}: not a configuration in YAML: {_where(error, content)}", REMEDY
        ) from None
    if data is None:
        data = {}
    if not isinstance(data, dict):
        found = "a list" if isinstance(data, list) else "a lone value"
        raise UserError(f"{path}: expected `key: value` lines, found {found}.", REMEDY)
    return data


def _read(path: Path, text: str) -> Any:
    """Return what a YAML text holds.

    PyYAML's own parser takes a little more than libyaml, such as `{a:}`, but is slow.
    """
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Reader(path, text, fast).document()
    except yaml.MarkedYAMLError:
        if len(text) > SHORT:
            raise
    return _Reader(path, text, yaml.SafeLoader).document()


def _where(error: Exception, content: bytes) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{str(error).splitlines()[0] if str(error) else type(error).__name__}."
    line = content.splitlines()[mark.line : mark.line + 1]
    if line and line[0].lstrip(b" ").startswith(b"\t"):
        return f"line {mark.line + 1} begins with a tab; indent with blanks."
    problem = getattr(error, "problem", "") or "not valid"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}."


class _Reader:
    """Makes plain data of a file's YAML events."""

    def __init__(self, path: Path, text: str, loader: Any) -> None:
        self._path = path
        self._events: Iterator[Any] = yaml.parse(text, loader)
        self._values = 0

    def document(self) -> Any:
        """Return what the file's one document holds; None where it has none."""
        data, documents = None, 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document (---) is not allowed")
                data = self._value(next(self._events), 0, "")
        return data.value if isinstance(data, Written) and data.value is None else data

    def _value(self, event: Any, depth: int, place: str) -> Any:
        if depth > MOST_DEPTH:
            raise UserError(f"{self._path}: {place}: nested more than {MOST_DEPTH} deep.")
        self._values += 1
        if self._values > MOST_VALUES:
            raise UserError(f"{self._path}: more than {MOST_VALUES:,} values.")
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "aliases (*) are not allowed")
        if event.tag not in (None, "!", STRING):
            self._refuse(event, f"the tag {printable(event.tag)} is not allowed")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth, place)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                items.append(self._value(inner, depth + 1, place))
            return items
        return _scalar(event.value) if event.implicit[0] else event.value

    def _mapping(self, start: Any, depth: int, place: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key is to be text")
            if event.value in values:
                self._refuse(start, f"the key '{printable(event.value)}' stands there twice")
            key = event.value
            values[key] = self._value(next(self._events), depth + 1, f"{place}.{key}".lstrip("."))
        return values

    def _refuse(self, event: Any, problem: str) -> NoReturn:
        raise yaml.YAMLError(f"line {event.start_mark.line + 1}: {problem}")


def _scalar(text: str) -> Any:
    """Return what text without quotes means."""
    if text in WORDS:
        return Written(WORDS[text], text)
    if not NUMBER.match(text):
        return text
    if INTEGER.fullmatch(text):
        try:
            return Written(int(text, 10 if text.lstrip("+-").isdecimal() else 0), text)
        except ValueError:  # too many digits, or underscores where none may be
            return text
    return Written(float(text), text) if FLOAT.fullmatch(text) else text
