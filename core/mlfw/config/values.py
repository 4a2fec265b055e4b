"""Reading the value of an override: a lone value, a list or a mapping, in Hydra's grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from mlfw.errors import UserError
from mlfw.hints import unquoted

MOST_DEPTH = 20
MOST_FUNCTIONS = 20

QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
ESCAPED = re.compile(r"\\([\\()\[\]{}:=, \t])")
FUNCTION = re.compile(
    r"(int|float|str|bool|json_str|choice|range|interval|glob|sort|shuffle|tag|extend_list)"
    r"\(.{0,500}\)",
    re.DOTALL,
)
INTEGER = re.compile(r"[+-]?(0|[1-9](_?\d)*)")
FLOAT = re.compile(
    r"[+-]?((\d(_?\d)*\.(\d(_?\d)*)?|\.\d(_?\d)*)(e[+-]?\d(_?\d)*)?|\d(_?\d)*e[+-]?\d(_?\d)*|inf|nan)",
    re.IGNORECASE,
)
WORDS = {"null": None, "true": True, "false": False}
SPECIAL = re.compile(r"[\\(){}\[\],:]")
CLOSING = {"(": ")", "[": "]", "{": "}"}


class Several:
    """Stands for the value of a text with commas, which is a value only where text is meant."""


@dataclass(frozen=True)
class Written:
    """A value together with how it was written, which counts where a field holds text.

    Attributes:
        value: A number, a boolean, None, or `Several`.
        text: As it was written.
    """

    value: Any
    text: str


def parse_value(text: str) -> Any:
    """Return what a value means; lone values that are no text come as `Written`.

    Lists and mappings are written as in Hydra, `[a,b]` and `{a: 1}`; their items and the keys of
    mappings may be quoted. What cannot be read as a list or a mapping is plain text.

    Raises:
        UserError: It is nested too deeply.
    """
    text = text.strip()
    try:
        value, end = _Reader(text).element(0, "", 0)
        if end == len(text):
            return value
        return Written(Several, text)
    except ValueError:
        return text


class _Reader:
    """Reads elements of one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._functions = 0

    def element(self, start: int, ends: str, depth: int) -> tuple[Any, int]:
        """Return an element and where it ends: at one of the given characters or the end."""
        if depth > MOST_DEPTH:
            _too_deep()
        start = self._skip(start)
        first = self._text[start : start + 1]
        if first == "[":
            return self._closed(*self._list(start, depth), start, ends)
        if first == "{":
            return self._closed(*self._mapping(start, depth), start, ends)
        match = QUOTED.match(self._text, start) if first in ("'", '"') else None
        if match and self._at_end(match.end(), ends):
            return unquoted(match[0]), self._skip(match.end())
        end = self._bare(start, ends)
        return self._leaf(self._text[start:end].strip()), end

    def _closed(self, value: Any, end: int, start: int, ends: str) -> tuple[Any, int]:
        """Return a list or mapping, unless text follows; then the whole is text."""
        if self._at_end(end, ends):
            return value, self._skip(end)
        end = self._bare(start, ends)
        return self._text[start:end].strip(), end

    def _list(self, start: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self._skip(start + 1)
        if self._text[at : at + 1] == "]":
            return items, at + 1
        while True:
            item, at = self.element(at, ",]", depth + 1)
            items.append(item)
            if self._character(at) == "]":
                return items, at + 1
            at += 1

    def _mapping(self, start: int, depth: int) -> tuple[dict[str, Any], int]:
        items: dict[str, Any] = {}
        at = self._skip(start + 1)
        if self._text[at : at + 1] == "}":
            return items, at + 1
        while True:
            key, at = self._key(at)
            items[key], at = self.element(at, ",}", depth + 1)
            if self._character(at) == "}":
                return items, at + 1
            at += 1

    def _key(self, start: int) -> tuple[str, int]:
        """Return a mapping's key and where its value begins."""
        start = self._skip(start)
        match = QUOTED.match(self._text, start)
        if match and self._at_end(match.end(), ":"):
            return unquoted(match[0]), self._skip(match.end()) + 1
        end = self._bare(start, ":")
        self._character(end)
        return ESCAPED.sub(r"\1", self._text[start:end].strip()), end + 1

    def _bare(self, start: int, ends: str) -> int:
        """Return where unquoted text ends; brackets in it are skipped with what they hold."""
        open_brackets: list[str] = []
        at = start
        while match := SPECIAL.search(self._text, at):
            sign, at = match[0], match.end()
            if sign == "\\":
                at += 1
            elif open_brackets and sign == open_brackets[-1]:
                open_brackets.pop()
            elif not open_brackets and sign in (ends or ","):
                return match.start()
            elif sign in CLOSING:
                open_brackets.append(CLOSING[sign])
        if ends or open_brackets:
            raise ValueError(self._text)
        return len(self._text)

    def _skip(self, at: int) -> int:
        while at < len(self._text) and self._text[at].isspace():
            at += 1
        return at

    def _at_end(self, at: int, ends: str) -> bool:
        at = self._skip(at)
        return at == len(self._text) if not ends else self._text[at : at + 1] in tuple(ends)

    def _character(self, at: int) -> str:
        if at >= len(self._text):
            raise ValueError(self._text)
        return self._text[at]

    def _leaf(self, text: str) -> Any:
        """Return what text without quotes and brackets around it means."""
        word = text.lower()
        if word in WORDS:
            return Written(WORDS[word], text)
        if INTEGER.fullmatch(text):
            return Written(int(text), text)
        if FLOAT.fullmatch(text):
            return Written(float(text), text)
        if FUNCTION.fullmatch(text):
            self._functions += 1
            if self._functions > MOST_FUNCTIONS:
                raise UserError(
                    f"command line: a value calls more than {MOST_FUNCTIONS} functions."
                )
            return _function(text)
        return ESCAPED.sub(r"\1", text)


def _function(text: str) -> Any:
    """Return what one of Hydra's functions gives, such as `int(3.5)`."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        override = OverridesParser.create().parse_override(f"key={text}")
    except HydraException:
        return text
    value = Several if override.is_sweep_override() else _plain(override.value())
    return Written(value, text)


def _plain(value: Any) -> Any:
    from hydra.core.override_parser.types import QuotedString

    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    return value


def _too_deep() -> NoReturn:
    raise UserError(f"command line: a value is nested more than {MOST_DEPTH} deep.")
