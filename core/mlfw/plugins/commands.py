"""Sub-commands of `mlfw`: its own, and the contract of those that plugins add."""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.plugins.registration import RegistrationError

if TYPE_CHECKING:
    import argparse

BUILT_IN = {
    "run": "train, evaluate and deploy a model",
    "predict": "rows in, predictions out",
    "evaluate": "compute a run's metrics again, on its test split or on a file",
    "serve": "serve a run's model over HTTP",
    "deploy": "hand a run's model to a deployer",
    "export": "write a run's model in a portable format",
    "runs": "list runs",
    "plugins": "list plugins, the broken ones with the reason",
    "show": "list the components of a kind, or explain one",
    "cache": "show how much prepared data is kept, or clear it",
    "config": "print the composed configuration and where each value came from",
}
HOOK = "mlfw_commands"
NAME = re.compile(r"[a-z][a-z0-9_-]*")


class Command(ABC):
    """A sub-command that a plugin adds to `mlfw`.

    `mlfw --help` imports the module of every command: import heavy packages inside methods.

    Attributes:
        help: What the command does, in one line, for `mlfw --help`.
    """

    help: ClassVar[str] = ""

    @abstractmethod
    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments; called only when the command is run or asked for help."""

    @abstractmethod
    def main(self, options: argparse.Namespace) -> int:
        """Run the command.

        Args:
            options: The arguments as parsed.

        Returns:
            The exit status.

        Raises:
            UserError: The user has made a mistake; `mlfw` prints it and exits with status 2.
        """


@dataclass(frozen=True)
class CommandEntry:
    """One command that a plugin has registered.

    Attributes:
        name: What users type after `mlfw`.
        command: Its class.
        plugin: The name of the plugin that owns it.
        distribution: The distribution that the plugin belongs to.
    """

    name: str
    command: type[Command]
    plugin: str
    distribution: str


def commands_of(plugin: Any) -> dict[str, type[Command]]:
    """Return the commands that a plugin registers, each checked.

    Raises:
        RegistrationError: The hook returns something else than named command classes.
    """
    if not hasattr(plugin, HOOK):
        return {}
    value, expected = getattr(plugin, HOOK)(), "dict[str, type[mlfw.Command]]"
    if not isinstance(value, dict):
        raise RegistrationError(f"{HOOK} returned {type(value).__name__}, expected {expected}")
    for name, command in value.items():
        place = f"{HOOK}: {name!r}"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise RegistrationError(
                f"{place} is no name: use lower-case letters, digits, - and _, a letter first"
            )
        if not (inspect.isclass(command) and issubclass(command, Command)):
            raise RegistrationError(f"{place} is {command!r}, expected {expected}")
        missing = sorted(command.__abstractmethods__)
        if missing:
            raise RegistrationError(f"{place}: {command.__name__} lacks {', '.join(missing)}")
        told = command.help
        if not isinstance(told, str) or not told.strip() or len(told.splitlines()) > 1:
            raise RegistrationError(f"{place}: {command.__name__}.help is no line of text")
    return value
