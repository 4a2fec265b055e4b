"""Errors a user may meet, and the words that help to mend them."""

from __future__ import annotations

import signal
from collections.abc import Iterable

CONTINUE = "To continue the run, type the same command again."
STOPPED_BY: dict[int, str] = {
    signal.SIGINT: "interrupted by Ctrl-C.",
    signal.SIGTERM: "stopped by SIGTERM.",
    signal.SIGHUP: "stopped by SIGHUP: the terminal was closed.",
}


class MlfwError(Exception):
    """Anything mlfw reports by itself; ends the command with exit code 1."""

    exit_code = 1


class UserError(MlfwError):
    """A mistake the user can mend; ends the command with exit code 2 and no traceback.

    Args:
        problem: The place (key, file, row, column), what was expected and what was found.
        remedy: What to do about it, as a sentence or a command to type.
    """

    exit_code = 2

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem if not remedy else f"{problem}\n  {remedy}")
        self.problem = problem
        self.remedy = remedy


class DataWarning(UserWarning):
    """Rows hold values that the model does not know: counted as missing, or never seen before."""


class StopRequested(BaseException):
    """The process was asked to end, by a signal, and what is to be continued has been saved.

    No `Exception`, so that nothing that goes on after failures goes on after this.

    Args:
        problem: What was stopped; by default, by which signal.
        remedy: How to continue it, if it can be continued.
        number: The signal's number.

    Attributes:
        exit_code: The exit status of the command: 128 and the signal's number, as shells have it.
    """

    exit_code = 128 + signal.SIGTERM

    def __init__(
        self, problem: str = "", remedy: str = "", *, number: int = signal.SIGTERM
    ) -> None:
        self.problem = problem or STOPPED_BY.get(number, f"stopped by signal {number}.")
        super().__init__(f"{self.problem}\n  {remedy}" if remedy else self.problem)
        self.exit_code = 128 + number


class ImportNotAllowedError(UserError):
    """A configuration or a saved model names code that the caller has not allowed.

    Args:
        problem: As for `UserError`.
        packages: The packages to allow.
    """

    def __init__(self, problem: str, packages: list[str]) -> None:
        named = " ".join(f"--allow-import {package}" for package in packages)
        remedy = f"If you trust it, type: mlfw run {named} ..., or pass allow_imports={packages}."
        super().__init__(problem, remedy)
        self.packages = packages


def did_you_mean(name: str, known: Iterable[str], *, listed: bool = False) -> str:
    """Return `Did you mean 'x'?`, or what there is to choose from where none is near.

    Args:
        name: What was typed.
        known: The names that would have been accepted.
        listed: Whether the message lists these already; they are not listed again then.
    """
    import difflib  # only mistakes need it

    names = sorted(known)
    lowered = {known_name.lower(): known_name for known_name in names}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.7)
    # In a short name, two letters that have changed places make a large difference.
    close += [other for other in lowered if sorted(other) == sorted(name.lower())]
    if close:
        return f"Did you mean '{lowered[close[0]]}'?"
    if listed and names:
        return "Name one of these."
    return f"Known: {', '.join(names)}." if names else ""


def listing(names: Iterable[str], most: int = 12) -> str:
    """Return names joined by commas, cut short with the count of those left out."""
    all_names = [str(name) for name in names]
    shown = ", ".join(all_names[:most])
    left = len(all_names) - most
    return f"{shown} and {left} more" if left > 0 else shown
