"""Deciding which component stands for each kind, before Hydra composes anything."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from mlfw.components import KINDS, Component
from mlfw.config.document import Document
from mlfw.config.keys import Choices
from mlfw.config.overrides import Given
from mlfw.config.root import DEFAULT_CHOICES
from mlfw.config.written import settle
from mlfw.config.yaml_file import read_yaml
from mlfw.errors import UserError
from mlfw.plugins import Registry

REMEDIES = {
    "dataset": "For a CSV file type: "
    "mlfw run dataset=csv dataset.path=FILE.csv dataset.target=COLUMN",
    "model": "Choose one: mlfw show model",
}


def choose(
    document: Document, given: list[Given], registry: Registry, folder: Path | None
) -> tuple[Choices, list[str]]:
    """Decide on the components, and drop options that the file gave to another one.

    Args:
        document: The configuration file; options of a replaced component are taken out of it.
        given: The overrides.
        registry: The components there are.
        folder: Where presets lie, if anywhere.

    Returns:
        The choices, and notes on what was left out.

    Raises:
        UserError: A component does not exist, or none is chosen for a kind that needs one.
    """
    selected: dict[str, Any] = _defaults(registry)
    selected |= document.selected
    selected |= {item.key: item.value for item in given if item.is_group}
    notes = []
    components: dict[str, dict[str, type[Component]] | None] = {}
    held: dict[str, Any] = {}
    for kind in KINDS:
        names = _as_list(selected.get(kind, []))
        found = {name: _preset(folder, kind, name) for name in names}
        presets = {name: data for name, data in found.items() if data is not None}
        if presets:
            held[kind] = settle(list(presets.values()), Any, kind)
        for name in set(names) - set(presets):
            registry.get(kind, name)
        components[kind] = (
            None if presets else {name: registry.get(kind, name).component for name in names}
        )
        if selected.get(kind) != document.selected.get(kind, selected.get(kind)):
            notes += _drop_foreign_options(document, kind, components[kind])
    for kind, remedy in REMEDIES.items():
        if not selected.get(kind):
            raise UserError(f"{kind}: none is chosen.", remedy)
    return Choices(selected, components, held), notes


def _defaults(registry: Registry) -> dict[str, str]:
    """Return the default choices, leaving a step out where its plugin is not there."""
    candidates = [
        (kind, name) for kind, default in DEFAULT_CHOICES.items() for name in ("none", default)
    ]
    return {kind: name for kind, name in candidates if name in registry.kind(kind)}


def _as_list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _preset(folder: Path | None, kind: str, name: str) -> dict[str, Any] | None:
    """Return what a preset holds, a YAML file of the configuration folder; None for no preset."""
    if folder is None:
        return None
    path = folder / kind / f"{name}.yaml"
    if not path.resolve().is_relative_to((folder / kind).resolve()):
        raise UserError(f"{kind}={name}: a preset's name holds no path.")
    return read_yaml(path) if path.is_file() else None


def _drop_foreign_options(
    document: Document, kind: str, components: dict[str, type[Component]] | None
) -> list[str]:
    """Drop from the file the options of a component that was replaced on the command line.

    Options that the new component has as well stay, unless it stands for leaving the step out.
    """
    values = document.values.get(kind)
    if not values or components is None:
        return []
    known = set(components)
    if kind != "metrics" and known == {"none"}:
        known = set()
    elif kind != "metrics":
        known = {f.name for item in components.values() for f in dataclasses.fields(item)}
    dropped = sorted(set(values) - known)
    for key in dropped:
        del values[key]
    if not values:
        del document.values[kind]
    replaced = document.selected.get(kind)
    return [f"{kind}.{key} of {replaced} left out" for key in dropped]
