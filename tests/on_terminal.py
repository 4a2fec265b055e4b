"""What the command shows where standard error is a terminal, and what can be done there."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from conftest import environment, within

PIECE = 4096
CTRL_C = b"\x03"


def shown_on_terminal(*arguments: str, folder: Path, columns: int = 80, **variables: str) -> str:
    """Run `mlfw`, which must succeed, and return what it writes to standard error, a terminal.

    Args:
        arguments: The command's arguments.
        folder: Where it runs.
        columns: How wide the terminal is.
        variables: Environment variables beside the usual ones.
    """
    terminal = Terminal(*arguments, folder=folder, columns=columns, **variables)
    status, shown = terminal.ended()
    assert status == 0, shown
    return shown


class Terminal:
    """A terminal of its own, in which a command runs that reads its signals and its width.

    Attributes:
        process: The command.
    """

    def __init__(
        self,
        *arguments: str,
        folder: Path,
        columns: int = 80,
        output: int | None = subprocess.DEVNULL,
        **variables: str,
    ) -> None:
        """Start `mlfw`.

        Args:
            arguments: The command's arguments.
            folder: Where it runs.
            columns: How wide the terminal is.
            output: Where standard output goes; None for the terminal too.
            variables: Environment variables beside the usual ones.
        """
        self._mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        env = environment(**variables)
        del env["COLUMNS"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlfw", *arguments],
            cwd=folder, env=env, stdin=theirs, stdout=theirs if output is None else output,
            stderr=theirs, start_new_session=True, preexec_fn=_control_terminal,
        )  # fmt: skip
        os.close(theirs)
        self._shown = b""
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def shown(self) -> str:
        """What has been shown so far."""
        return self._shown.decode(errors="replace")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._mine, keys)

    def hang_up(self) -> None:
        """Close the terminal, which sends SIGHUP to what runs in it."""
        os.close(self._mine)
        self._mine = -1

    def wait_for(self, done: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something has happened while the command runs."""
        deadline = time.monotonic() + within(seconds)
        while not done():
            assert self.process.poll() is None, self.shown
            assert time.monotonic() < deadline, self.shown
            time.sleep(0.02)

    def ended(self, seconds: float = 120) -> tuple[int, str]:
        """Wait for the end of the command; return its exit status and all that it has shown."""
        status = self.process.wait(within(seconds))
        self._reader.join(10)
        if self._mine >= 0:
            os.close(self._mine)
        return status, self.shown

    def _read(self) -> None:
        """Read until nobody writes any more, which Linux tells by an error."""
        try:
            while piece := os.read(self._mine, PIECE):
                self._shown += piece
        except OSError:
            pass


def _control_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
