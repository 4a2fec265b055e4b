"""Finding plugins and loading them, each by itself, so that a broken one harms no other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from mlfw.plugins import hookspecs
from mlfw.plugins.commands import commands_of
from mlfw.plugins.distribution import entry_points_of, name_and_version
from mlfw.plugins.jobs import jobs_of
from mlfw.plugins.registration import RegistrationError, components_of, verify_hooks
from mlfw.plugins.registry import Registry

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "mlfw"
DISABLE = "MLFW_DISABLE_PLUGINS"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class PluginInfo:
    """What is known of one plugin.

    Attributes:
        name: Its entry point's name.
        distribution: What `pip install` calls it.
        version: The distribution's version.
        provides: The names it has registered, per kind.
        error: Why it was set aside; empty for a working plugin.
    """

    name: str
    distribution: str
    version: str
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Plugins:
    """All plugins found, what the working ones provide, and their hooks.

    Attributes:
        infos: Every plugin, the working and the broken.
        registry: The components of the working ones.
        manager: The pluggy manager, for calling hooks: `plugins.manager.hook.mlfw_...`.
    """

    infos: tuple[PluginInfo, ...]
    registry: Registry
    manager: pluggy.PluginManager


def load_plugins(
    found: Iterable[EntryPoint] | None = None, disabled: Iterable[str] | None = None
) -> Plugins:
    """Load every plugin of the entry-point group `mlfw`.

    A plugin that fails to import, exits, misspells a hook, implements none, returns the wrong
    type, or claims a taken name is set aside with the reason; every other one still works. The
    built-in plugins come first, so that no other can take their names.

    Args:
        found: Entry points to load in place of the installed ones.
        disabled: Names of plugins to leave out; by default those in `MLFW_DISABLE_PLUGINS`.
    """
    blocked = set(os.environ.get(DISABLE, "").split(",") if disabled is None else disabled)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    registry = Registry()
    points = sorted(entry_points_of(GROUP) if found is None else found, key=_order)
    infos = []
    for point in points:
        if point.name in blocked:
            infos.append(_info(point, error=f"disabled by {DISABLE}"))
            continue
        try:
            provides = _load(point, manager, registry)
            infos.append(_info(point, provides=provides))
        except RegistrationError as error:
            infos.append(_info(point, error=str(error)))
    return Plugins(tuple(infos), registry, manager)


def points_mentioning(hook: str) -> list[EntryPoint]:
    """Return the entry points whose module may implement a hook, without importing any.

    The source of a module that implements a hook holds the hook's name or `import *`; a module
    that has no source, or lies within a package that is not imported, counts as one that may.

    Args:
        hook: The hook's name.
    """
    return [point for point in entry_points_of(GROUP) if _mentions(point.module, hook)]


def _mentions(module: str, hook: str) -> bool:
    from importlib.util import find_spec

    try:
        package = module.rpartition(".")[0]  # finding a module within it imports the package
        spec = None if package and package not in sys.modules else find_spec(module)
        if spec is None or not spec.origin or not spec.origin.endswith(".py"):
            return True
        source = Path(spec.origin).read_text(encoding="utf-8", errors="replace")
    except (ImportError, ValueError, OSError):
        return True
    return hook in source or "import *" in source


def _load(
    point: EntryPoint, manager: pluggy.PluginManager, registry: Registry
) -> dict[str, tuple[str, ...]]:
    """Load, verify and register one plugin, or leave no trace of it."""
    plugin = _import(point)
    name = f"{distribution_of(point)}:{point.name}"
    try:
        manager.register(plugin, name)
        verify_hooks(plugin, manager)
        components, commands, jobs = components_of(plugin), commands_of(plugin), jobs_of(plugin)
        owner = distribution_of(point)
        registry.add(components, commands, jobs, plugin=point.name, distribution=owner)
    except RegistrationError:
        _unregister(manager, plugin)
        raise
    except (Exception, SystemExit) as error:
        _unregister(manager, plugin)
        raise RegistrationError(_reason(error)) from error
    provided: dict[str, Mapping[str, Any]] = {**components, "command": commands, "job": jobs}
    return {kind: tuple(named) for kind, named in provided.items() if named}


def _import(point: EntryPoint) -> Any:
    try:
        return point.load()
    except (Exception, SystemExit) as error:
        raise RegistrationError(f"cannot be imported: {_reason(error)}") from error


def _unregister(manager: pluggy.PluginManager, plugin: Any) -> None:
    if manager.is_registered(plugin):
        manager.unregister(plugin)


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    return " ".join(f"{type(error).__name__}: {error}".strip(": ").split())


def _info(
    point: EntryPoint, provides: Mapping[str, tuple[str, ...]] | None = None, error: str = ""
) -> PluginInfo:
    name, version = name_and_version(point.dist) if point.dist else (UNKNOWN, "")
    return PluginInfo(point.name, name, version, provides or {}, error)


def distribution_of(point: EntryPoint) -> str:
    """Return the name of the distribution that an entry point belongs to."""
    return name_and_version(point.dist)[0] if point.dist else UNKNOWN


def _order(point: EntryPoint) -> tuple[bool, str, str]:
    return (distribution_of(point) != "mlfw", distribution_of(point), point.name)


def warn_of_broken(plugins: Plugins, note: Callable[[str], None]) -> None:
    """Say which plugins were set aside because they are broken.

    Args:
        plugins: All plugins.
        note: Receives a sentence for each of them.
    """
    for info in plugins.infos:
        if info.error and not info.error.startswith("disabled"):
            note(f"plugin '{info.name}' ({info.distribution}) is set aside: {info.error}")
