"""Long lists and mappings of names, which go around Hydra: it takes milliseconds for each item."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any

from mlfw.config.keys import Choices, type_of
from mlfw.config.written import members
from mlfw.errors import UserError

LONG = 50
MOST_VALUES = 1_000

Path = tuple[str, ...]


def take_bulk(values: dict[str, Any], choices: Choices) -> dict[Path, Any]:
    """Take out of a configuration the long lists and mappings that hold plain text.

    Args:
        values: The configuration as plain data; what is returned is taken out of it.
        choices: The components.

    Returns:
        The lists and mappings by the path of their field.

    Raises:
        UserError: More values than a configuration can have are left.
    """
    taken = {}
    for holder, path in _fields(values):
        value, hint = holder[path[-1]], type_of(path, choices)
        if len(value) > LONG and _holds(hint, value) and "${" not in repr(value):
            taken[path] = holder.pop(path[-1])
    left = _count(values)
    if left > MOST_VALUES:
        raise UserError(
            f"configuration: {left:,} values; it has at most {MOST_VALUES:,} beside long lists "
            "and mappings of text."
        )
    return taken


def put_in(taken: Mapping[Path, Any], holder: Any) -> None:
    """Put lists and mappings that were taken out into plain data or components, in place.

    A mapping is added to what is there already.
    """
    for path, value in taken.items():
        owner = holder
        for name in path[:-1]:
            owner = owner[name] if isinstance(owner, Mapping) else getattr(owner, name)
        name = path[-1]
        if isinstance(owner, dict):
            owner[name] = _added(owner.get(name), value)
        else:
            object.__setattr__(owner, name, _added(getattr(owner, name), value))


def _added(old: Any, new: Any) -> Any:
    return {**(old or {}), **new} if isinstance(new, dict) else list(new)


def _fields(values: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Path]]:
    """Yield the fields of components that hold a list or a mapping."""
    for kind, section in values.items():
        owners = (
            {(kind, name): item for name, item in section.items()}
            if (kind == "metrics" and isinstance(section, dict))
            else {(kind,): section}
        )
        for path, owner in owners.items():
            if isinstance(owner, dict):
                yield from (
                    (owner, (*path, name))
                    for name, value in list(owner.items())
                    if isinstance(value, dict | list)
                )


def _holds(hint: Any, value: Any) -> bool:
    """Tell whether a field is one of plain text, and a value too."""
    container = list if isinstance(value, list) else dict
    for member in members(hint):
        if typing.get_origin(member) is container:
            inner = typing.get_args(member)[-1]
            items = value if container is list else value.values()
            return inner is Any or (inner is str and all(isinstance(item, str) for item in items))
    return False


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else 1
