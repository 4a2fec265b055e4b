"""Components whose options are plain values of the right types, built without OmegaConf.

OmegaConf takes a tenth of a second to import, which is much of what `mlfw predict` takes for a few
rows. What is built here is built exactly as OmegaConf does, or not at all.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any

from mlfw.components import Component

SCALARS = (str, int, float, bool)
# Texts that OmegaConf does not take as they stand: references, and what is missing.
SPECIAL = ("${", "???")


class _NotPlainError(ValueError):
    """A value is not plain, or not of its field's type."""


def plain_component(component: type[Component], options: Mapping[str, Any]) -> Component | None:
    """Return a component with options of plain values, or None if one of them is not plain.

    Args:
        component: The component.
        options: Its options; those left out keep their defaults.
    """
    fields = {field.name for field in dataclasses.fields(component) if field.init}
    if not options.keys() <= fields:
        return None
    try:
        hints = typing.get_type_hints(component)
        return component(**{name: _value(hints[name], value) for name, value in options.items()})
    except Exception:
        return None


def _value(hint: Any, value: Any) -> Any:
    """Return a value as its field takes it.

    Raises:
        _NotPlainError: It is not plain, or of another type.
    """
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        others = [each for each in typing.get_args(hint) if each is not type(None)]
        if len(others) != 1 or len(others) == len(typing.get_args(hint)):
            raise _NotPlainError
        return None if value is None else _value(others[0], value)
    if hint in SCALARS:
        return _scalar(hint, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        if type(value) is not str or value not in hint.__members__:
            raise _NotPlainError
        return hint[value]
    origin = typing.get_origin(hint)
    if origin is list and type(value) is list:
        (item,) = typing.get_args(hint)
        return [_value(item, each) for each in value]
    if origin is dict and type(value) is dict:
        key, item = typing.get_args(hint)
        return {_value(key, name): _value(item, each) for name, each in value.items()}
    raise _NotPlainError


def _scalar(kind: type, value: Any) -> Any:
    special = isinstance(value, str) and any(each in value for each in SPECIAL)
    if type(value) is not kind or special:
        raise _NotPlainError
    return value
