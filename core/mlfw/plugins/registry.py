"""The components that plugins have registered, by kind and name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlfw.errors import UserError, did_you_mean
from mlfw.plugins.commands import BUILT_IN, Command, CommandEntry
from mlfw.plugins.jobs import JobEntry
from mlfw.plugins.registration import HOOK_OF_KIND, RegistrationError

if TYPE_CHECKING:
    from mlfw.components import Component, JobFunction


@dataclass(frozen=True)
class Entry:
    """One registered component.

    Attributes:
        name: What users type.
        component: Its class.
        plugin: The name of the plugin that owns it.
        distribution: The distribution that the plugin belongs to.
    """

    name: str
    component: type[Component]
    plugin: str
    distribution: str


@dataclass
class Registry:
    """Every registered component, and the commands and job functions that plugins add.

    Attributes:
        entries: The components, by kind and name.
        commands: The commands, by name.
        jobs: The job functions, by name.
    """

    entries: dict[str, dict[str, Entry]] = field(
        default_factory=lambda: {kind: {} for kind in HOOK_OF_KIND}
    )
    commands: dict[str, CommandEntry] = field(default_factory=dict)
    jobs: dict[str, JobEntry] = field(default_factory=dict)

    def add(
        self,
        components: Mapping[str, Mapping[str, type[Component]]],
        commands: Mapping[str, type[Command]] | None = None,
        jobs: Mapping[str, str | JobFunction] | None = None,
        *,
        plugin: str,
        distribution: str,
    ) -> None:
        """Register all components, commands and job functions of a plugin, or none of them.

        Raises:
            RegistrationError: A name is taken; the message says by whom.
        """
        for kind, named in components.items():
            for name in named:
                owner = self.entries[kind].get(name)
                if owner is not None:
                    raise RegistrationError(
                        f"{kind} '{name}' is taken by plugin '{owner.plugin}' "
                        f"({owner.distribution})"
                    )
        commands = commands or {}
        for name in commands:
            if name in BUILT_IN:
                raise RegistrationError(f"command '{name}' is one of mlfw's own")
            if name in self.commands:
                other = self.commands[name]
                raise RegistrationError(
                    f"command '{name}' is taken by plugin '{other.plugin}' ({other.distribution})"
                )
        jobs = jobs or {}
        for name in jobs.keys() & self.jobs.keys():
            holder = self.jobs[name]
            raise RegistrationError(
                f"job '{name}' is taken by plugin '{holder.plugin}' ({holder.distribution})"
            )
        for kind, named in components.items():
            for name, component in named.items():
                self.entries[kind][name] = Entry(name, component, plugin, distribution)
        for name, command in commands.items():
            self.commands[name] = CommandEntry(name, command, plugin, distribution)
        for name, target in jobs.items():
            self.jobs[name] = JobEntry(name, target, plugin, distribution)

    def kind(self, kind: str) -> dict[str, Entry]:
        """Return all components of a kind, by name.

        Raises:
            UserError: There is no such kind.
        """
        if kind not in self.entries:
            raise UserError(f"'{kind}' is no kind of component.", did_you_mean(kind, self.entries))
        return self.entries[kind]

    def get(self, kind: str, name: str) -> Entry:
        """Return one component.

        Raises:
            UserError: There is none of that name.
        """
        known = self.kind(kind)
        if name not in known:
            raise UserError(
                f"{kind}={name}: no {kind.removesuffix('s')} of that name is installed.",
                f"{did_you_mean(name, known)} See: mlfw show {kind}",
            )
        return known[name]

    def job(self, name: str) -> JobFunction:
        """Return a job function.

        Raises:
            UserError: No plugin has registered one of that name.
        """
        if name not in self.jobs:
            raise UserError(
                f"job '{name}': no plugin here has registered such a job.",
                "Install the same plugins wherever jobs run. " + did_you_mean(name, self.jobs),
            )
        return self.jobs[name].function()

    def entry_of(self, component: Component) -> Entry:
        """Return the entry under which a component's class is registered."""
        for entry in self.entries[component.kind].values():
            if entry.component is type(component):
                return entry
        raise LookupError(f"{type(component).__name__} is not registered")
