"""What the command shows where standard error is a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from conftest import environment

PIECE = 4096


def shown_on_terminal(*arguments: str, folder: Path, columns: int = 80, **variables: str) -> str:
    """Run `mlfw`, which must succeed, and return what it writes to standard error, a terminal.

    Args:
        arguments: The command's arguments.
        folder: Where it runs.
        columns: How wide the terminal is.
        variables: Environment variables beside the usual ones.
    """
    mine, theirs = pty.openpty()
    subprocess.run(["stty", "cols", str(columns)], stdin=theirs, check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "mlfw", *arguments],
        cwd=folder, env=environment(**variables), stdout=subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while piece := _read(mine):
        shown += piece
    os.close(mine)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


def _read(terminal: int) -> bytes:
    """Return the next bytes; none once nobody writes any more, which Linux tells by an error."""
    try:
        return os.read(terminal, PIECE)
    except OSError:
        return b""
