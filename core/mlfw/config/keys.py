"""Checking that every key that was written exists, before Hydra merges anything."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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
    """

    selected: Mapping[str, Any]
    components: Mapping[str, Mapping[str, type[Component]] | None]

    def component(self, kind: str) -> type[Component] | None:
        """Return the one class chosen for a kind, where it is known."""
        named = self.components.get(kind)
        return next(iter(named.values())) if named else None


def check_keys(document: Document, given: list[Given], choices: Choices) -> None:
    """Check every key of the file and of the overrides.

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
    known_first = {*(field.name for field in dataclasses.fields(RootSettings)), *KINDS}
    if first not in known_first:
        raise UserError(f"{place}: unknown key '{key}'. {did_you_mean(first, known_first)}")
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
    owner = choices.component(first)
    if owner is None or rest[0] not in {field.name for field in dataclasses.fields(owner)}:
        return False
    return typing.get_origin(_hints(owner)[rest[0]]) is dict


def _hints(owner: Any) -> dict[str, Any]:
    return typing.get_type_hints(owner)
