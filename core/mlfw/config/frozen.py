"""Building a run's configuration from its frozen form, for a worker that takes part in the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mlfw.components import KINDS, Component
from mlfw.components.split import Split
from mlfw.config.components import USE
from mlfw.config.lists import as_lists
from mlfw.config.plain import plain_component
from mlfw.config.root import DEFAULT_CHOICES, RunConfig, RunSettings
from mlfw.plugins import Registry


def thaw(frozen: Mapping[str, Any], registry: Registry) -> RunConfig:
    """Return the configuration of a run; it was checked when it was composed.

    References such as `${oc.env:PASSWORD}` are resolved here, as they were there.

    Args:
        frozen: What the run directory keeps. Sections and keys that it does not know, as an older
            version of mlfw has written it, have their defaults.
        registry: Where the components come from.

    Raises:
        UserError: A component is not installed.
    """
    built: dict[str, Any] = {}
    for kind in KINDS:
        if kind == "metrics":
            named = frozen.get(kind) or {}
            built[kind] = {
                name: _built(frozen, (kind, name), registry.get(kind, name).component, options)
                for name, options in named.items()
            }
            continue
        options = dict(frozen.get(kind) or {USE: DEFAULT_CHOICES[kind]})
        component = registry.get(kind, options.pop(USE)).component
        built[kind] = _built(frozen, (kind,), component, options)
    for name, section in (("run", RunSettings), ("split", Split)):
        built[name] = _built(frozen, (name,), cast("Any", section), frozen.get(name) or {})
    return RunConfig(seed=frozen["seed"], frozen=frozen, origins={}, **built)


def _built(
    frozen: Mapping[str, Any],
    path: tuple[str, ...],
    component: type[Component],
    options: Mapping[str, Any],
) -> Any:
    """Return a section of the configuration in its own type."""
    plain = plain_component(component, options)
    if plain is not None:
        return plain
    from omegaconf import OmegaConf

    typed: Any = OmegaConf.structured(component)
    values: Any = as_lists(component, options)
    for part in reversed(path):
        typed, values = OmegaConf.create({part: typed}), {part: values}
    # The other sections are there for what refers to them.
    others = {key: value for key, value in frozen.items() if key != path[0]}
    merged = OmegaConf.merge(OmegaConf.create(others), typed, values)
    return OmegaConf.to_object(OmegaConf.select(merged, ".".join(path)))
