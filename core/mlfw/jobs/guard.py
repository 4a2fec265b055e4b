"""A small process that ends groups of processes when the one that started them has gone.

It is run as a script by `Guard` and imports nothing that takes time. The system ends a worker whose
parent dies, but not what the worker has started: this process ends the whole group.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress

LOOK_SECONDS = 1.0


class Guard:
    """The process, as seen by the one that it watches."""

    def __init__(self) -> None:
        import subprocess

        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )

    def add(self, group: int) -> None:
        """End this group of processes should the caller go."""
        self._send(f"+{group}\n")

    def remove(self, group: int) -> None:
        """Forget a group, which has ended."""
        self._send(f"-{group}\n")

    def close(self) -> None:
        """End the process; groups that were not removed are ended too."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()

    def _send(self, text: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(text.encode())


def main() -> None:
    """Wait for the end of the parent; then end the groups."""
    parent, groups, rest = os.getppid(), set[int](), b""
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if not ready:
            continue
        data = os.read(0, 4096)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            (groups.add if line.startswith(b"+") else groups.discard)(int(line[1:]))
    for group in groups:
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
