"""Plugins: their hooks, how they are loaded, and what they have registered."""

from mlfw.plugins.commands import Command, CommandEntry
from mlfw.plugins.hookspecs import hookimpl, hookspec
from mlfw.plugins.manager import (
    PluginInfo,
    Plugins,
    load_plugins,
    points_mentioning,
    warn_of_broken,
)
from mlfw.plugins.registry import Entry, Registry
from mlfw.plugins.requirements import require_for_loading, require_packages

__all__ = [
    "Command",
    "CommandEntry",
    "Entry",
    "PluginInfo",
    "Plugins",
    "Registry",
    "hookimpl",
    "hookspec",
    "load_plugins",
    "points_mentioning",
    "require_for_loading",
    "require_packages",
    "warn_of_broken",
]
