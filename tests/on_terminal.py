"""What the command shows where standard error is a terminal, and what can be done there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
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


# The shell leads the terminal's session: when a leader ends, what nobody has read yet is lost.
SHELL = """
trap : INT HUP TERM
"$@"
printf %s $? >&"$ENDED"
printf '<end>' >&2
read -r _ <&"$HELD"
"""
END = "<end>"


class Terminal:
    """A terminal of its own, in which a command runs that reads its signals and its width."""

    def __init__(
        self,
        *arguments: str,
        folder: Path,
        columns: int = 80,
        output: str | None = "/dev/null",
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
        self._ended, ended = os.pipe()
        held, self._held = os.pipe()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        _keep_output_at_signals(theirs)
        env = environment(**variables, ENDED=str(ended), HELD=str(held))
        del env["COLUMNS"]
        script = SHELL if output is None else SHELL.replace('"$@"', f'"$@" >{output}')
        self._shell = subprocess.Popen(
            ["bash", "-c", script, "bash", sys.executable, "-m", "mlfw", *arguments],
            cwd=folder, env=env, stdin=theirs, stdout=theirs, stderr=theirs,
            pass_fds=[ended, held], start_new_session=True, preexec_fn=_control_terminal,
        )  # fmt: skip
        for descriptor in (theirs, ended, held):
            os.close(descriptor)
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
        """Close the terminal, and send SIGHUP to what runs in it, as interactive shells do."""
        os.close(self._mine)
        self._mine = -1
        os.killpg(self._shell.pid, signal.SIGHUP)

    def wait_for(self, done: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something has happened while the command runs."""
        deadline = time.monotonic() + within(seconds)
        while not done():
            assert not select.select([self._ended], [], [], 0)[0], self.shown
            assert time.monotonic() < deadline, self.shown
            time.sleep(0.02)

    def ended(self, seconds: float = 120) -> tuple[int, str]:
        """Wait for the end of the command; return its exit status and all that it has shown."""
        there, _, _ = select.select([self._ended], [], [], within(seconds))
        if not there:
            os.killpg(self._shell.pid, signal.SIGKILL)
        assert there, f"it goes on; so far: {self.shown}"
        status = int(os.read(self._ended, 10))
        deadline = time.monotonic() + within(10)
        while self._mine >= 0 and END not in self.shown and time.monotonic() < deadline:
            time.sleep(0.02)
        os.close(self._held)
        self._shell.wait(within(10))
        self._reader.join(10)
        for descriptor in (self._mine, self._ended):
            if descriptor >= 0:
                os.close(descriptor)
        return status, self.shown.replace(END, "")

    def _read(self) -> None:
        """Read until nobody writes any more, which Linux tells by an error."""
        mine = self._mine
        try:
            while piece := os.read(mine, PIECE):
                self._shown += piece
        except OSError:
            pass


def _keep_output_at_signals(terminal: int) -> None:
    """Let Ctrl-C leave what has been written and not been read yet."""
    settings = termios.tcgetattr(terminal)
    settings[3] |= termios.NOFLSH
    termios.tcsetattr(terminal, termios.TCSANOW, settings)


def _control_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
