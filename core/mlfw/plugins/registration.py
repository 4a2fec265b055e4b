"""Checking what one plugin implements and returns, before any of it is used."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import TYPE_CHECKING, Any

import pluggy

from mlfw.errors import did_you_mean

if TYPE_CHECKING:
    from mlfw.components import Component

HOOK_OF_KIND = {
    "dataset": "mlfw_datasets",
    "model": "mlfw_models",
    "trainer": "mlfw_trainers",
    "tuner": "mlfw_tuners",
    "metrics": "mlfw_metrics",
    "tracker": "mlfw_trackers",
    "deployer": "mlfw_deployers",
    "executor": "mlfw_executors",
}
NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED_FIELD = "use"


class RegistrationError(Exception):
    """A plugin cannot be used; the text says why."""


def verify_hooks(plugin: Any, manager: pluggy.PluginManager) -> None:
    """Check that a registered plugin implements hooks, and only ones that exist.

    Raises:
        RegistrationError: It implements none, or one that no plugin specifies.
    """
    own_specs = getattr(plugin, "mlfw_hookspecs", None)
    if own_specs is not None:
        manager.add_hookspecs(own_specs())
    implemented = {caller.name for caller in manager.get_hookcallers(plugin) or []}
    known = {name for name in vars(manager.hook) if getattr(manager.hook, name).has_spec()}
    for name in sorted(implemented - known):
        raise RegistrationError(f"unknown hook '{name}'. {did_you_mean(name, known)}")
    for name in sorted(vars(plugin) if inspect.ismodule(plugin) else dir(plugin)):
        if name.startswith("mlfw_") and name not in implemented and _defined_in(plugin, name):
            hint = "lacks @mlfw.hookimpl" if name in known else did_you_mean(name, known)
            raise RegistrationError(f"'{name}' is no hook implementation: {hint}")
    if not implemented:
        raise RegistrationError("it implements no hook (is @mlfw.hookimpl missing?)")
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise RegistrationError(str(error)) from error


def _defined_in(plugin: Any, name: str) -> bool:
    value = getattr(plugin, name)
    return inspect.isfunction(value) and value.__module__ == getattr(plugin, "__name__", None)


def components_of(plugin: Any) -> dict[str, dict[str, type[Component]]]:
    """Return what a plugin registers, per kind, each checked.

    Raises:
        RegistrationError: A hook returns something else than named component classes.
    """
    hooks = {kind: hook for kind, hook in HOOK_OF_KIND.items() if hasattr(plugin, hook)}
    if not hooks:
        return {}  # a plugin of commands alone, for which the contracts need not be imported
    from mlfw.components import KINDS

    return {
        kind: _checked(hook, getattr(plugin, hook)(), KINDS[kind]) for kind, hook in hooks.items()
    }


def _checked(hook: str, value: Any, kind: type[Component]) -> dict[str, type[Component]]:
    expected = f"dict[str, type[mlfw.{kind.__name__}]]"
    if not isinstance(value, dict):
        raise RegistrationError(f"{hook} returned {type(value).__name__}, expected {expected}")
    for name, component in value.items():
        place = f"{hook}: {name!r}"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise RegistrationError(f"{place} is no name: use lower-case letters, digits and _")
        if not (inspect.isclass(component) and issubclass(component, kind)):
            raise RegistrationError(f"{place} is {component!r}, expected {expected}")
        _check_class(place, component)
    return value


def _check_class(place: str, component: type[Component]) -> None:
    missing = sorted(getattr(component, "__abstractmethods__", ()))
    if missing:
        raise RegistrationError(f"{place}: {component.__name__} lacks {', '.join(missing)}")
    if "__dataclass_fields__" not in vars(component):
        raise RegistrationError(
            f"{place}: {component.__name__} is no dataclass; decorate it with "
            "@dataclass(kw_only=True)"
        )
    for field in dataclasses.fields(component):
        if field.name == RESERVED_FIELD:
            raise RegistrationError(f"{place}: the field name '{RESERVED_FIELD}' is reserved")
        required = field.default is field.default_factory is dataclasses.MISSING
        if required:
            raise RegistrationError(f"{place}: the field '{field.name}' needs a default")
