"""Taking a lone value for a list of one: `dataset.target=y` for `dataset.target=[y]`."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from mlfw.components import Component

MISSING = "???"


@cache
def list_fields(component: type[Component]) -> frozenset[str]:
    """Return the names of a component's fields that hold lists."""
    hints = typing.get_type_hints(component)
    return frozenset(
        field.name for field in dataclasses.fields(component) if _is_list(hints[field.name])
    )


def _is_list(hint: Any) -> bool:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return any(_is_list(item) for item in typing.get_args(hint))
    return hint is list or typing.get_origin(hint) is list


@cache
def loosened(component: type[Component]) -> type[Component]:
    """Return a stand-in for a component whose lists may be given as lone values.

    Hydra merges defaults, presets, file and overrides into it; `tightened` gives the real types
    back. Without a list in it the component stands for itself.
    """
    names = list_fields(component)
    if not names:
        return component
    # A field left out stays missing, so that it takes anything, and its default comes later.
    loose = [(name, Any, dataclasses.field(default=MISSING)) for name in sorted(names)]
    return dataclasses.make_dataclass(component.__name__, loose, bases=(component,), kw_only=True)


def is_component(cls: type[Any] | None, component: type[Component]) -> bool:
    """Tell whether a composed node's class is a component, or its stand-in."""
    return cls is component or cls is loosened(component)


def as_lists(component: type[Component], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options, as plain data, with every lone value of a list field as a list of one."""
    names = list_fields(component)
    return {
        name: _as_list(value, value) if name in names else value for name, value in options.items()
    }


def _as_list(value: Any, resolved: Any) -> Any:
    if resolved == "":
        return []
    return [value] if isinstance(resolved, str | int | float) else value


def tightened(component: type[Component], node: Any, place: str) -> Any:
    """Return a composed node in the component's own types.

    Args:
        component: The component.
        node: What Hydra made of its stand-in.
        place: The node's dotted key, which messages repeat.

    Raises:
        OmegaConfBaseException: A value does not fit its field.
    """
    from omegaconf import OmegaConf

    plain = typing.cast("dict[str, Any]", OmegaConf.to_container(node, resolve=False))
    names = sorted(list_fields(component))
    given = {name: plain.pop(name) for name in names}
    # What an interpolation refers to decides whether it is a list.
    lists = {name: _as_list(value, node[name]) for name, value in given.items() if value != MISSING}
    typed: Any = OmegaConf.structured(component)
    for part in reversed(place.split(".")):
        typed, plain = OmegaConf.create({part: typed}), {part: plain}
    typed = OmegaConf.merge(typed, plain)
    for name, value in lists.items():
        # Unlike a merge, this checks the items' types.
        OmegaConf.update(typed, f"{place}.{name}", value, merge=False)
    return OmegaConf.select(typed, place)
