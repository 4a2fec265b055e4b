"""Notes beside a command's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw.cli.output import say

if TYPE_CHECKING:
    from mlfw.schema.value_notes import ValueNote


def note(text: str) -> None:
    """Print a note on standard error."""
    say(f"mlfw: {text}")


def print_notes(notes: list[ValueNote], place: str) -> None:
    """Print what is odd about the values of a file, a few lines at most.

    Args:
        notes: What is odd.
        place: The file.
    """
    from mlfw.schema.value_notes import sentences

    for sentence in sentences(notes):
        note(f"{place}: {sentence}")
