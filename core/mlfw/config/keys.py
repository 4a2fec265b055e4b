"""Checking that every key that was written exists, before Hydra merges anything."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from mlfw.components import KINDS, Component
from mlfw.config.document import Document
from mlfw.config.overrides import Given
from mlfw.config.root import RootSettings
from mlfw.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Choices:
    """Which components are chosen.

    Attributes:
        selected: The chosen name, or names for metrics, by kind.
        components: Their classes by name, by kind; None where a preset decides.
        presets: What the chosen presets hold, by kind.
    """

    selected: Mapping[str, Any]
    components: Mapping[str, Mapping[str, type[Component]] | None]
    presets: Mapping[str, Any] = field(default_factory=dict)

    def component(self, kind: str) -> type[Component] | None:
        """Return the one class chosen for a kind, where it is known."""
        named = self.components.get(kind)
        return next(iter(named.values())) if named else None


def check_sections(document: Document, given: list[Given]) -> None:
    """Check that the section of every key exists, before any component is chosen.

    Raises:
        UserError: A section does not exist; the message holds the nearest one that does.
    """
    known = {*(field.name for field in dataclasses.fields(RootSettings)), *KINDS}
    written = [(key, str(document.path)) for key in document.values]
    written += [(item.key, "command line") for item in given]
    for key, place in written:
        first = key.split(".")[0]
        if first not in known:
            raise UserError(f"{place}: unknown key '{key}'. {did_you_mean(first, known)}")


def check_keys(document: Document, given: list[Given], choices: Choices) -> None:
    """Check every key of the file and of the overrides below its section.

    Raises:
        UserError: A key does not exist; the message holds the nearest one that does.
    """
    place = str(document.path)
    for key in _leaves(document.values, choices):
        _check_key(key, place, choices)
    for item in given:
        if not item.is_group:
            _check_key(item.key, "command line", choices)


def _leaves(values: Mapping[str, Any], choices: Choices, prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and value and not is_below_mapping(f"{key}.x", choices):
            yield from _leaves(value, choices, f"{key}.")
        else:
            yield key


def _check_key(key: str, place: str, choices: Choices) -> None:
    first, *rest = key.split(".")
    if first in KINDS and choices.components.get(first, {}) is None:
        return
    if not rest:
        if first in KINDS or dataclasses.is_dataclass(_hints(RootSettings)[first]):
            raise UserError(
                f"{place}: '{key}': expected the name of a component or {key}.FIELD=VALUE."
            )
        return
    if first == "metrics":
        _check_metric_key(key, rest, place, choices)
        return
    owner = choices.component(first) if first in KINDS else _hints(RootSettings)[first]
    if dataclasses.is_dataclass(owner):
        _check_field(owner, rest, key, place, _owner_name(first, choices))


def _check_metric_key(key: str, rest: list[str], place: str, choices: Choices) -> None:
    named = choices.components["metrics"] or {}
    if rest[0] not in named:
        raise UserError(
            f"{place}: unknown key '{key}'. The metrics chosen are: {', '.join(named) or 'none'}.",
            f"Choose it as well, for example metrics=[{','.join([*named, rest[0]])}].",
        )
    _check_field(named[rest[0]], rest[1:], key, place, f"metrics.{rest[0]}")


def _owner_name(first: str, choices: Choices) -> str:
    return f"{first}={choices.selected.get(first)}" if first in KINDS else first


def _check_field(owner: Any, rest: list[str], key: str, place: str, owner_name: str) -> None:
    names = [field.name for field in dataclasses.fields(owner)]
    if not rest or rest[0] in names:
        return
    raise UserError(
        f"{place}: unknown key '{key}': {owner_name} has no field '{rest[0]}'.",
        did_you_mean(rest[0], names),
    )


def is_below_mapping(key: str, choices: Choices) -> bool:
    """Tell whether a key names an item of a free mapping, such as `tuner.space.C`."""
    first, *rest = key.split(".")
    if len(rest) < 2 or first not in KINDS:
        return False
    return typing.get_origin(type_of((first, rest[0]), choices)) is dict


def type_of(path: Sequence[str], choices: Choices) -> Any:
    """Return the type of what a key holds, or `Any` where it is not known.

    Args:
        path: The parts of the key.
        choices: The components.
    """
    first, *rest = path
    owner = _hints(RootSettings).get(first, Any)
    if first == "metrics":
        owner = (choices.components.get(first) or {}).get(rest.pop(0), Any) if rest else Any
    elif first in KINDS:
        owner = choices.component(first) or Any
    for part in rest:
        if dataclasses.is_dataclass(owner):
            owner = _hints(cast("Hashable", owner)).get(part, Any)
        else:
            owner = typing.get_args(owner)[1] if typing.get_origin(owner) is dict else Any
    return owner


def name_path(parts: Sequence[str], choices: Choices) -> tuple[str, ...]:
    """Return the parts of a key with dots in a name as part of the name.

    Below a mapping from names to lone values, such as `dataset.columns`, all that follows is one
    name: `dataset.columns.Date.Seen` names the column `Date.Seen`.
    """
    start = 3 if parts[0] == "metrics" else 2
    hint = type_of(parts[:start], choices)
    flat = typing.get_origin(hint) is dict and typing.get_args(hint)[1] is not Any
    if not flat or len(parts) <= start:
        return tuple(parts)
    return (*parts[:start], ".".join(parts[start:]))


@cache
def _hints(owner: Any) -> dict[str, Any]:
    return typing.get_type_hints(owner)
