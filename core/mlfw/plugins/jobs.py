"""Job functions: how plugins register them, and how a job's name is turned into one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlfw.plugins.registration import RegistrationError

if TYPE_CHECKING:
    from mlfw.components import JobFunction

HOOK = "mlfw_jobs"
NAME = re.compile(r"[a-z][a-z0-9_]*")
TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


@dataclass(frozen=True)
class JobEntry:
    """One registered job function.

    Attributes:
        name: What `mlfw.Job.name` calls it.
        target: The function, or `package.module:function`.
        plugin: The name of the plugin that owns it.
        distribution: The distribution that the plugin belongs to.
    """

    name: str
    target: str | JobFunction
    plugin: str
    distribution: str

    def function(self) -> JobFunction:
        """Return the function, importing its module if need be."""
        if callable(self.target):
            return self.target
        module, _, name = self.target.partition(":")
        function: JobFunction = getattr(import_module(module), name)
        return function


def jobs_of(plugin: Any) -> Mapping[str, str | JobFunction]:
    """Return the job functions that a plugin registers, each checked.

    Raises:
        RegistrationError: The hook returns something else than named functions.
    """
    if not hasattr(plugin, HOOK):
        return {}
    value = getattr(plugin, HOOK)()
    expected = "dict[str, 'package.module:function' or a function]"
    if not isinstance(value, dict):
        raise RegistrationError(f"{HOOK} returned {type(value).__name__}, expected {expected}")
    for name, target in value.items():
        place = f"{HOOK}: {name!r}"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise RegistrationError(f"{place} is no name: use lower-case letters, digits and _")
        named = isinstance(target, str) and TARGET.fullmatch(target)
        if not named and not callable(target):
            raise RegistrationError(f"{place} is {target!r}, expected {expected}")
    return value
