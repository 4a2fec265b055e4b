"""Notes beside a command's output."""

from __future__ import annotations

import sys

from mlfw.hints import printable


def note(text: str) -> None:
    """Print a note on standard error."""
    print(f"mlfw: {printable(text)}", file=sys.stderr)
