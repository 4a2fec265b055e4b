"""Telling of bytes that are read, written or worked on."""

from __future__ import annotations

import time

from mlfw.components.dataset import Progress

MEGABYTE = 1_000_000
SHORTEST = 0.1


def tell_megabytes(progress: Progress, done: int, total: int, doing: str) -> None:
    """Tell how many bytes are done.

    Args:
        progress: Whom to tell.
        done: How many are done.
        total: About how many there are; it is no fewer than are done.
        doing: What is done, in a word or two.
    """
    progress(done // MEGABYTE, max(total, done, MEGABYTE) // MEGABYTE, f"MB, {doing}")


class Megabytes:
    """Tells how many bytes are done, a few times a second at most."""

    def __init__(self, progress: Progress, total: int) -> None:
        """Begin.

        Args:
            progress: Whom to tell.
            total: About how many bytes there are.
        """
        self._progress = progress
        self._total = total
        self._last = time.monotonic()

    def tell(self, done: int, doing: str) -> None:
        """Take note of how many bytes are done; see `tell_megabytes`."""
        now = time.monotonic()
        if now - self._last >= SHORTEST:
            self._last = now
            tell_megabytes(self._progress, done, self._total, doing)
