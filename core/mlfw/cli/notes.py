"""Notes beside a command's output."""

from __future__ import annotations

from mlfw.cli.output import say


def note(text: str) -> None:
    """Print a note on standard error."""
    say(f"mlfw: {text}")
