"""Names of a package that are imported when they are first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_names(package: str, modules: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Return a package's `__getattr__`, which imports names when they are first asked for.

    So a package exports names whose modules are expensive to import, and stays cheap to import
    itself:

        if TYPE_CHECKING:
            from my_plugin.network import Network

        __getattr__ = mlfw.lazy_names(__name__, {"network": ["Network"]})
        __all__ = ["Network"]

    Args:
        package: The package's name.
        modules: The names that each of its modules defines. A module exports itself where it
            lists its own name.
    """
    places = {name: module for module, names in modules.items() for name in names}

    def load(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        module = import_module(f"{package}.{places[name]}")
        value = module if name == places[name] else getattr(module, name)
        setattr(sys.modules[package], name, value)  # Python asks here only once
        return value

    return load
