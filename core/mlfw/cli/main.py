"""The command `mlfw`: which sub-command, and how errors end."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from mlfw.cli.notes import note
from mlfw.cli.output import say, standard_output
from mlfw.cli.streams import safe_streams
from mlfw.disk import disk_mistake
from mlfw.errors import ImportNotAllowedError, MlfwError, StopRequested, UserError
from mlfw.hints import command, printable
from mlfw.plugins.commands import BUILT_IN, HOOK

EPILOG = """examples:
  mlfw run dataset=csv dataset.path=churn.csv dataset.target=churned
  mlfw run churn.yaml model=svm
  mlfw predict latest new.csv -o predictions.csv
  mlfw serve latest --port 3000
"""


def entry() -> None:
    """Run the command and leave with its exit status."""
    with standard_output():
        status = main(sys.argv[1:])
    sys.exit(status)


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: What stands behind `mlfw`.

    Returns:
        0, 2 for a user's mistake, 129 after SIGHUP, 130 after Ctrl-C, 143 after SIGTERM, 1 for
        anything else.
    """
    try:
        with safe_streams():
            return _dispatched(arguments)
    except ImportNotAllowedError as error:
        granted = [word for package in error.packages for word in ("--allow-import", package)]
        typed = command(*arguments[:1], *granted, *arguments[1:])
        say(f"mlfw: {error.problem}\n  If you trust it, type: {typed}")
        return error.exit_code
    except MlfwError as error:
        say(f"mlfw: {error}")
        return error.exit_code
    except StopRequested as error:
        say(f"mlfw: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say("mlfw: interrupted by Ctrl-C.")
        return 130
    except BrokenPipeError:
        return 0  # the reader of our output has gone, as in `mlfw runs | head`; that is no failure
    except Exception as error:
        mistake = disk_mistake(error) or _folder_removed()
        if mistake is None:
            return _unexpected(error)
        say(f"mlfw: {mistake}")
        return mistake.exit_code


def _dispatched(arguments: Sequence[str]) -> int:
    """Run the command, and find out whether its output could be written."""
    try:
        return _dispatch(arguments)
    finally:
        if sys.stdout is not None:
            sys.stdout.flush()


def _dispatch(arguments: Sequence[str]) -> int:
    """Build only the parser of the command at hand, so that each starts fast."""
    parser = argparse.ArgumentParser(
        prog="mlfw",
        description="From data to a deployed model with one command, every step a plugin.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    place = next((i for i, text in enumerate(arguments) if not text.startswith("-")), None)
    named = "" if place is None else arguments[place]
    for name, description in BUILT_IN.items():
        command = commands.add_parser(name, help=description, description=f"{description}.")
        if name == named and place is not None:
            module = import_module(f"mlfw.cli.{name}")
            return _run(module, command, arguments[place + 1 :])
    if named or "--version" not in arguments:
        from mlfw.plugins import load_plugins, points_mentioning, warn_of_broken

        plugins = load_plugins(points_mentioning(HOOK))
        warn_of_broken(plugins, note)
        for name, entry in plugins.registry.commands.items():
            described = printable(entry.command.help).replace("%", "%%")
            command = commands.add_parser(name, help=described, description=f"{described}.")
            if name == named and place is not None:
                return _run(entry.command(), command, arguments[place + 1 :])
    options = parser.parse_args(arguments)
    if options.version:
        return _print_version()
    parser.print_help()
    return 0


def _run(what: Any, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Run a command: a module of this package, or an instance of a plugin's `mlfw.Command`.

    Options may stand between the settings: `mlfw serve RUN --port 1 deployer.x=2`.
    """
    what.add_arguments(parser)
    return int(what.main(parser.parse_intermixed_args(arguments)))


def _print_version() -> int:
    from mlfw.runs.environment import mlfw_version

    print(f"mlfw {mlfw_version()}")
    return 0


def _folder_removed() -> UserError | None:
    """Return a mistake where the current folder is no longer there; None where it is."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return UserError("The current folder has been removed.", "Change to another one: cd ~")
    return None


def _unexpected(error: Exception) -> int:
    """Say in one line that something broke, and where its traceback lies."""
    log = getattr(error, "mlfw_log", None)
    lines = str(error).splitlines() or [""]
    text = f"mlfw: unexpected {type(error).__name__}: {lines[0]}"
    try:
        if log is None:
            handle, log = tempfile.mkstemp(prefix="mlfw-error-", suffix=".txt")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write("".join(traceback.format_exception(error)))
        say(f"{text}\n  The traceback is in {log}")
    except OSError:
        say(f"{text}\n  Its traceback could not be kept: there is no room for temporary files.")
    return 1
