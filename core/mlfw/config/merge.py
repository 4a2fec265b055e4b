"""What the file and the overrides say together, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlfw.config.document import Document
from mlfw.config.keys import Choices, name_path, type_of
from mlfw.config.overrides import Given
from mlfw.config.written import settle
from mlfw.errors import UserError


def values_of(document: Document, given: list[Given], choices: Choices) -> dict[str, Any]:
    """Return the values of the file, changed by the overrides.

    Mappings are merged; all else is replaced.

    Raises:
        UserError: An override takes a key away, or holds several values where one is expected.
    """
    values = {name: _settled((name,), value, choices) for name, value in document.values.items()}
    for item in given:
        if item.is_deletion:
            raise UserError(
                f"'{item.text}': a key cannot be taken away.",
                "Set it to null, or choose the component none.",
            )
        if not item.is_group:
            path = name_path(item.parts, choices)
            _set(values, path, _settled(path, item.value, choices))
    return values


def _settled(path: tuple[str, ...], value: Any, choices: Choices) -> Any:
    """Return a value with text where its field holds text."""
    if path == ("metrics",) and isinstance(value, dict):
        return {name: _settled((*path, name), item, choices) for name, item in value.items()}
    return settle(value, type_of(path, choices), ".".join(path))


def _set(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, last = path
    for name in above:
        inner = values.get(name)
        if not isinstance(inner, dict):
            values[name] = inner = {}
        values = inner
    values[last] = _merged(values.get(last), value)


def _merged(old: Any, new: Any) -> Any:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    return {**old, **{name: _merged(old.get(name), item) for name, item in new.items()}}
