"""A small process that ends a local Ray when the run that started it was killed.

Run as a script, with nothing imported that takes time. The system ends Ray's main processes with
the one that started them, but agents of theirs wait for a minute for an answer from those. All of
them carry a mark in their environment, by which they are found (on Linux).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

MARK = "MLFW_RAY"
PROC = Path("/proc")
ROUNDS, ROUND_SECONDS = 20, 0.2


class Guard:
    """The process, as seen by the one that it watches.

    Args:
        mark: The value of the variable `MARK` in the environment of Ray's processes.
    """

    def __init__(self, mark: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, mark],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )

    def remove(self, folder: str) -> None:
        """Let this Ray's files be removed with it.

        Args:
            folder: Where they are.
        """
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(folder.encode())

    def close(self) -> None:
        """End what is left of Ray, and the process."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()


def end_marked(mark: str) -> int:
    """Kill the processes with this mark in their environment; return how many there were."""
    wanted = f"{MARK}={mark}".encode()
    killed = 0
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
                killed += 1
    return killed


def main(mark: str) -> None:
    """Wait for the end of the parent, then end Ray and remove its files."""
    folder = sys.stdin.buffer.read().decode()
    for _ in range(ROUNDS):  # some may just be starting others
        if not end_marked(mark):
            break
        time.sleep(ROUND_SECONDS)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
