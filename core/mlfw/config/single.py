"""Composing one component from overrides alone, for commands that need no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlfw.components import Component
from mlfw.config.components import USE, build_component
from mlfw.config.overrides import parse_overrides
from mlfw.config.written import settle
from mlfw.errors import UserError, did_you_mean
from mlfw.plugins import Registry, require_packages


def compose_one(
    kind: str,
    overrides: Sequence[str],
    registry: Registry,
    default: str,
    own: Mapping[str, Any] | None = None,
) -> tuple[str, Component]:
    """Return the name and the component that overrides such as `deployer=bentoml` choose.

    Args:
        kind: The kind of component.
        overrides: `kind=NAME` and `kind.FIELD=VALUE`.
        registry: The components.
        default: The name where none is chosen.
        own: The component in a run's configuration, its name under `use`. If it is the one that
            is chosen, its options count unless an override changes them.

    Raises:
        UserError: A key is not of that kind or does not exist, or a value does not fit.
    """
    import dataclasses

    name = default
    options = {}
    for given in parse_overrides(list(overrides)):
        if given.is_group and given.key == kind and isinstance(given.value, str):
            name = given.value
        elif given.key.startswith(f"{kind}.") and not given.is_deletion:
            options[given.key.removeprefix(f"{kind}.")] = given.value
        else:
            raise UserError(
                f"'{given.text}': expected {kind}=NAME or {kind}.FIELD=VALUE.",
                f"See: mlfw show {kind}",
            )
    entry = registry.get(kind, name)
    known = [field.name for field in dataclasses.fields(entry.component)]
    for key in options:
        if key not in known:
            raise UserError(
                f"'{kind}.{key}': {kind}={name} has no such field.", did_you_mean(key, known)
            )
    options = settle(options, entry.component, kind)
    if own is not None and own[USE] == name:
        options = {**{key: value for key, value in own.items() if key != USE}, **options}
    require_packages([entry])
    return name, build_component(entry, options, f"command line: {kind}")
