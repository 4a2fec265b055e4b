"""Composing a configuration file, overrides and the components' defaults into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from mlfw.components import KINDS, Metric, Model, OpaqueModel
from mlfw.config.bulk import put_in, take_bulk
from mlfw.config.choose import choose
from mlfw.config.components import USE
from mlfw.config.document import Document, read_document
from mlfw.config.hydra_store import ROOT, hydra_store
from mlfw.config.interpolations import check_interpolations
from mlfw.config.keys import Choices, check_keys, check_sections
from mlfw.config.lists import is_component, tightened
from mlfw.config.merge import values_of
from mlfw.config.overrides import Given, parse_overrides
from mlfw.config.paths import resolve_paths
from mlfw.config.provenance import origins_of
from mlfw.config.root import RunConfig
from mlfw.config.translate import as_user_error
from mlfw.config.validate import check_values
from mlfw.errors import UserError, did_you_mean
from mlfw.plugins import Entry, Plugins, Registry, require_packages

MAIN = "mlfw_main"


def compose(
    config: Path | None,
    overrides: Sequence[str],
    plugins: Plugins,
    *,
    config_dir: Path | None = None,
    need_packages: bool = True,
) -> RunConfig:
    """Compose and check a configuration.

    Later wins: the components' defaults, the configuration file, the overrides.

    Args:
        config: A configuration file, if any.
        overrides: `key=value` in Hydra's grammar.
        plugins: Where the components come from.
        config_dir: A folder with presets, one sub-folder a kind; by default the folder of the
            configuration file.
        need_packages: Whether to check that the packages the components need are installed.

    Raises:
        UserError: Anything in it is not as it should be; the message names the key.
    """
    document = read_document(config) if config else Document()
    given = parse_overrides(list(overrides))
    check_sections(document, given)
    folder = config_dir or (config.parent if config else None)
    choices, notes = choose(document, given, plugins.registry, folder)
    check_keys(document, given, choices)
    values = values_of(document, given, choices)
    check_interpolations({**choices.presets, **values})
    bulk = take_bulk(values, choices)
    with as_user_error(document, given):
        composed = _compose(values, document.defaults, choices, plugins.registry, folder)
    return _typed(composed, bulk, document, given, plugins, need_packages, notes)


def _compose(
    values: dict[str, Any],
    own_defaults: list[Any],
    choices: Choices,
    registry: Registry,
    folder: Path | None,
) -> Any:
    from hydra import compose as hydra_compose

    needed = None
    if not choices.presets and not own_defaults:  # which may name any component
        needed = {kind: list(named or ()) for kind, named in choices.components.items()}
    with hydra_store(registry, folder, needed) as store:
        defaults: list[Any] = [ROOT]
        defaults += [{kind: choices.selected.get(kind, [])} for kind in KINDS]
        defaults += [*own_defaults, "_self_"]
        node = {"defaults": defaults, **values}
        if needed is None and folder is not None and folder.is_dir():
            from mlfw.config.preset_source import address

            node["hydra"] = {"searchpath": [address(folder)]}
        store.store(name=MAIN, node=node)
        composed = hydra_compose(MAIN)
    if needed is None:
        check_interpolations(_plain(composed, {}))
    return composed


def _typed(
    composed: Any,
    bulk: dict[tuple[str, ...], Any],
    document: Document,
    given: list[Given],
    plugins: Plugins,
    need_packages: bool,
    notes: list[str],
) -> RunConfig:
    """Turn Hydra's result into components, with every value checked."""
    from omegaconf import OmegaConf

    entries = _entries(composed, plugins.registry)
    if need_packages:
        require_packages(_used(entries, plugins.registry))
    with as_user_error(document, given):
        _tighten(composed, entries)
    origins = origins_of(_plain(composed, bulk, enum_to_str=False), document, given, entries)
    resolve_paths(composed, bulk, document, entries, origins)
    frozen = _plain(composed, bulk)
    for kind, named in entries.items():
        for name, entry in named.items():
            entry.component.check_written(frozen[kind][name] if kind == "metrics" else frozen[kind])
        if kind != "metrics":
            (name,) = named
            frozen[kind] = {USE: name, **frozen[kind]}
    with as_user_error(document, given):
        objects = {
            key: OmegaConf.to_object(node)
            for key, node in composed.items()
            if OmegaConf.is_config(node)
        }
    put_in(bulk, objects)
    values = {**objects, "seed": composed.seed}
    check_values(values)
    return RunConfig(**values, frozen=frozen, origins=origins, notes=tuple(notes))


def _plain(
    composed: Any, bulk: Mapping[tuple[str, ...], Any], *, enum_to_str: bool = True
) -> dict[str, Any]:
    """Return a composed configuration as plain data."""
    from omegaconf import OmegaConf

    plain = OmegaConf.to_container(composed, resolve=False, enum_to_str=enum_to_str)
    put_in(bulk, plain)
    return cast("dict[str, Any]", plain)


def _tighten(composed: Any, entries: Mapping[str, Mapping[str, Entry]]) -> None:
    """Give composed components their own types, in place; see `lists`."""
    for kind, named in entries.items():
        for name, entry in named.items():
            if kind == "metrics":
                composed[kind][name] = tightened(
                    entry.component, composed[kind][name], f"{kind}.{name}"
                )
            else:
                composed[kind] = tightened(entry.component, composed[kind], kind)


def _used(entries: dict[str, dict[str, Entry]], registry: Registry) -> list[Entry]:
    """Return the components whose packages a run will need.

    The trainer counts only where the model uses one; without named metrics any task's defaults
    count, as the task is not known yet.
    """
    (model,) = entries["model"].values()
    assert issubclass(model.component, Model)
    used = [
        entry
        for kind, named in entries.items()
        for entry in named.values()
        if kind != "trainer" or model.component.uses_trainer
    ]
    if not entries["metrics"] and not issubclass(model.component, OpaqueModel):
        used += [
            entry
            for entry in registry.kind("metrics").values()
            if issubclass(entry.component, Metric) and entry.component.default_for
        ]
    return used


def _entries(composed: Any, registry: Registry) -> dict[str, dict[str, Entry]]:
    """Return the registry's entry behind every composed component, by kind and name."""
    from omegaconf import OmegaConf

    found: dict[str, dict[str, Entry]] = {}
    for kind in KINDS:
        node = composed.get(kind)
        if kind == "metrics":
            found[kind] = {name: registry.get(kind, name) for name in node or {}}
            continue
        cls = OmegaConf.get_type(node)
        named = {
            name: entry
            for name, entry in registry.kind(kind).items()
            if is_component(cls, entry.component)
        }
        if len(named) != 1:
            raise UserError(
                f"{kind}: no component is chosen.",
                f"Begin the preset with a defaults list that names one. "
                f"{did_you_mean('', registry.kind(kind))}",
            )
        found[kind] = named
    return found
