"""Deciding by a field's type whether a value counts, or the text it was written as."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from enum import EnumType
from typing import Any, NoReturn

from mlfw.config.values import Several, Written, parse_value
from mlfw.errors import UserError
from mlfw.hints import override


def settle(value: Any, hint: Any, key: str) -> Any:
    """Return a value as plain data, with text where the field holds text.

    `007`, `1e3` and `true` stay as they are written where text is meant, such as a column's name,
    and are numbers and booleans elsewhere.

    Args:
        value: What was read, with `Written` in it.
        hint: The type of the field, `Any` where it is not known.
        key: The field's dotted key, for messages.

    Raises:
        UserError: Several values stand where one is expected.
    """
    if isinstance(value, Written):
        return _settled(value, hint, key)
    if isinstance(value, list):
        inner = _inner(hint, list, 0)
        return [settle(item, inner, key) for item in value]
    if isinstance(value, dict):
        if dataclasses.is_dataclass(hint):
            hints = typing.get_type_hints(hint)
            return {
                name: settle(item, hints.get(name, Any), f"{key}.{name}")
                for name, item in value.items()
            }
        inner = _inner(hint, dict, 1)
        return {name: settle(item, inner, f"{key}.{name}") for name, item in value.items()}
    return value


def as_names(value: Any, key: str = "") -> Any:
    """Return one name or several as they are written; None where there is none.

    Raises:
        UserError: Several names stand where one is expected.
    """
    if isinstance(value, list):
        return [as_names(item, key) for item in value]
    if not isinstance(value, Written):
        return value
    if value.value is Several:
        refuse_several(key, value.text)
    return None if value.value is None else value.text


def refuse_several(key: str, text: str, hint: Any = Any) -> NoReturn:
    """Raise an error that says how a list and how one text with commas are typed."""
    items = [_item(parse_value(item), hint) for item in text.split(",")]
    remedy = f"For a list type {override(key, items)}; "
    if hint is Any or str in _leaves(hint):
        remedy += f"for one text with commas in it type {override(key, text)}; "
    raise UserError(
        f"'{key}={text}': found several values, expected one.",
        f"{remedy}to try several values use tuner=grid.",
    )


def _item(value: Any, hint: Any) -> Any:
    if not isinstance(value, Written):
        return value
    return value.text if str in _leaves(hint) else value.value


def _settled(value: Written, hint: Any, key: str) -> Any:
    meant = {*_leaves(hint)} - {types.NoneType}
    text_meant = meant == {str}
    if value.value is Several:
        if text_meant and not _inner_types(hint, list):
            return value.text
        refuse_several(key, value.text, hint)
    if meant == {int} and isinstance(value.value, float) and value.value.is_integer():
        return int(value.value)
    words_meant = text_meant or any(isinstance(item, EnumType) for item in meant)
    return value.text if words_meant and value.value is not None else value.value


def members(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union, or the one type."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return typing.get_args(hint)
    return (hint,)


def _leaves(hint: Any) -> Iterator[Any]:
    """Yield the types of lone values that a field takes, those of a list's items included."""
    for member in members(hint):
        if typing.get_origin(member) is list:
            yield from _leaves(typing.get_args(member)[0])
        else:
            yield member


def _inner_types(hint: Any, container: type) -> list[Any]:
    return [member for member in members(hint) if typing.get_origin(member) is container]


def _inner(hint: Any, container: type, argument: int) -> Any:
    """Return the type of what a container in a field holds."""
    found = _inner_types(hint, container)
    return typing.get_args(found[0])[argument] if found else Any
