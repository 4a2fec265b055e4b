"""JSON lines in which a column's values are of different types, read as text.

Arrow gives each column one type and stops at the first value of another one. Where it does, the
lines are read a second time by Python, and given to it with such values as text.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlfw import Finding, UserError
from mlfw.remote import AnyFile
from mlfw_tabular.mixed_values import AS_TEXT
from mlfw_tabular.text_file import PIECE, TextFile, Told, untold

FORM = 'Each line looks like {"column": "value", ...}.'
LIST, OBJECT = "a list", "an object"
TYPES: Mapping[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: LIST,
    dict: OBJECT,
}
SHOWN = 40
LARGE = 1 << 63


@dataclass
class Types:
    """The types of a column's values.

    Attributes:
        lines: The first line that each type stands in.
        elements: The types of what its lists hold.
        large: Whether a whole number is too large for any type of whole numbers.
    """

    lines: dict[str, int] = field(default_factory=dict)
    elements: set[str] = field(default_factory=set)
    large: bool = False

    def add(self, value: Any, line: int) -> None:
        """Take note of a value."""
        self.lines.setdefault(TYPES[type(value)], line)
        self.large |= type(value) is int and abs(value) >= LARGE
        if isinstance(value, list):
            self.elements.update(TYPES[type(each)] for each in value if each is not None)

    @property
    def mixed(self) -> bool:
        """Whether the values are of several types."""
        return len(self.lines) > 1

    @property
    def nested(self) -> bool:
        """Whether all values are objects, or lists of what is no text and no number."""
        return not self.mixed and (OBJECT in self.lines or bool(self.elements & {LIST, OBJECT}))


def survey(path: AnyFile, encoding: str) -> dict[str, Types]:
    """Return the types of the values in each column.

    Raises:
        UserError: A line is no JSON object.
    """
    found: dict[str, Types] = {}
    for number, line in _lines(path, encoding):
        try:
            row = _parsed(line)
        except (ValueError, RecursionError) as error:
            text = getattr(error, "msg", "nested too deep")
            raise UserError(
                f"{path}: line {number}: not JSON: {text}: {line.strip()[:SHOWN]}", FORM
            ) from None
        if not isinstance(row, dict):
            raise UserError(
                f"{path}: line {number}: expected a JSON object, found {line.strip()[:SHOWN]}", FORM
            )
        for name, value in row.items():
            types = found.setdefault(name, Types())
            if value is not None:
                types.add(value, number)
    return found


def mixed_notes(path: AnyFile, found: Mapping[str, Types]) -> Iterator[tuple[str, Finding]]:
    """Yield the columns whose values are of several types, and what to say of each."""
    for name, types in found.items():
        if types.mixed:
            where = ", ".join(f"{what} in line {line}" for what, line in types.lines.items())
            yield (
                name,
                Finding(
                    check="reading",
                    message=f"{path.name}: values of several types: {where}.",
                    remedy=AS_TEXT,
                    column=name,
                    fixed=True,
                ),
            )


class UniformLines(io.RawIOBase):
    """JSON lines as UTF-8 whose columns are of one type each; Arrow reads from it.

    Values of columns that are mixed, nested or too large are text, and so is what mixed lists hold.
    What is no JSON although Python writes it, such as NaN, is null.

    Args:
        path: The file.
        encoding: How its characters are encoded.
        types: What `survey` has found.
        told: Told how many bytes of the file are read.
    """

    def __init__(
        self, path: AnyFile, encoding: str, types: Mapping[str, Types], told: Told = untold
    ) -> None:
        super().__init__()
        self._lines = _lines(path, encoding, told)
        self._text = {
            name for name, each in types.items() if each.mixed or each.nested or each.large
        }
        self._words = {name for name, each in types.items() if len(each.elements) > 1} - self._text
        self._rest = b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next lines; nothing at the end."""
        parts, length = [self._rest], len(self._rest)
        while size < 0 or length < size:
            line = next(self._lines, None)
            if line is None:
                break
            parts.append(json.dumps(self._uniform(_parsed(line[1]))).encode() + b"\n")
            length += len(parts[-1])
        content = b"".join(parts)
        end = len(content) if size < 0 else size
        self._rest = content[end:]
        return content[:end]

    def _uniform(self, row: dict[str, Any]) -> dict[str, Any]:
        for name in self._text & row.keys():
            row[name] = _text(row[name])
        for name in self._words & row.keys():
            row[name] = row[name] and [_text(each) for each in row[name]]
        return row


def nested_columns(types: Mapping[str, Types], drop: Collection[str]) -> list[str]:
    """Return the columns of nested values that are not dropped."""
    return [name for name, each in types.items() if each.nested and name not in drop]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _parsed(line: str) -> Any:
    return json.loads(line, parse_constant=lambda _: None)


def _lines(path: AnyFile, encoding: str, told: Told = untold) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    rest, number = b"", 0
    with TextFile(path, encoding, told) as file:
        while piece := file.read(PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                number += 1
                if line.strip():
                    yield number, line.decode("utf-8", "replace")
    if rest.strip():
        yield number + 1, rest.decode("utf-8", "replace")
