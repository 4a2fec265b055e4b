"""Explaining a component from its own class: fields, types, defaults, ranges, help."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mlfw.components.limits import LIMITS
from mlfw.components.search import SEARCH, plain


@dataclass(frozen=True)
class FieldInfo:
    """One field, in words."""

    name: str
    type: str
    default: str
    search: str
    help: str


def summary(component: type[Any]) -> str:
    """Return the first paragraph of a component's docstring as one line."""
    text = inspect.cleandoc(component.__doc__ or "")
    return " ".join(text.split("\n\n")[0].split())


def description(component: type[Any]) -> list[str]:
    """Return the paragraphs of a component's docstring before its sections, each as one line."""
    text = inspect.cleandoc(component.__doc__ or "")
    before = re.split(r"^[A-Z]\w+:$", text, maxsplit=1, flags=re.MULTILINE)[0]
    return [" ".join(paragraph.split()) for paragraph in before.strip().split("\n\n")]


def describe_fields(component: type[Any]) -> list[FieldInfo]:
    """Return what there is to know of every field of a component."""
    hints = typing.get_type_hints(component)
    help_texts = _help_texts(component)
    return [
        FieldInfo(
            field.name,
            _type_name(hints[field.name]),
            _default(field),
            str(field.metadata.get(SEARCH, "")),
            _help(field, help_texts),
        )
        for field in dataclasses.fields(component)
    ]


def _help(field: dataclasses.Field[Any], texts: dict[str, str]) -> str:
    text = texts.get(field.name, "")
    bound = field.metadata.get(LIMITS)
    return f"{text} ({str(bound).removeprefix('a number ')})" if bound else text


def _type_name(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "|".join(str(item.value) for item in hint)
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return "|".join(_type_name(item) for item in typing.get_args(hint))
    if hint is types.NoneType:
        return "null"
    if typing.get_origin(hint) is not None:
        arguments = ", ".join(_type_name(item) for item in typing.get_args(hint))
        return f"{typing.get_origin(hint).__name__}[{arguments}]"
    return "any" if hint is Any else str(getattr(hint, "__name__", hint))


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return str(field.default_factory())
    value = plain(field.default)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if value != "" else '""'


def _help_texts(component: type[Any]) -> dict[str, str]:
    """Collect the `Attributes:` sections of a class and its bases; the class itself wins."""
    texts: dict[str, str] = {}
    for base in reversed(component.__mro__):
        texts |= _attributes(inspect.cleandoc(vars(base).get("__doc__") or ""))
    return texts


def _attributes(docstring: str) -> dict[str, str]:
    _, _, section = docstring.partition("Attributes:\n")
    texts: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if line.strip() and not line.startswith("    "):
            break
        match = re.match(r"    (\w+): (.*)", line)
        if match:
            name = match[1]
            texts[name] = match[2]
        elif name and line.strip():
            texts[name] += f" {line.strip()}"
    return texts
