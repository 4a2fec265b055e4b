"""Files whose writer tells how much of them is written."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.components.dataset import Progress

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MEGABYTE = 1_000_000
PIECE_BYTES = 16 * MEGABYTE
SHORTEST = 0.1


class Written:
    """Tells how much of some files is written, a few times a second at most."""

    def __init__(self, total: int, progress: Progress) -> None:
        """Begin.

        Args:
            total: About how many bytes the files will have.
            progress: Whom to tell.
        """
        self._total = total
        self._progress = progress
        self._done = 0
        self._last = time.monotonic()

    @contextmanager
    def open(self, path: Path) -> Iterator[io.RawIOBase]:
        """Open one of the files for writing."""
        with _File(path, self._add) as file:
            yield file

    def _add(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._last >= SHORTEST:
            self._last = now
            total = max(self._total, self._done) // MEGABYTE
            self._progress(self._done // MEGABYTE, max(total, 1), "MB, written")


class _File(io.FileIO):
    """A file that is written piece by piece, so that one large piece is heard of too."""

    def __init__(self, path: Path, told: Callable[[int], None]) -> None:
        super().__init__(path, "wb")
        self._told = told

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of it, and return how many bytes that is."""
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            count = super().write(view[done : done + PIECE_BYTES])
            done += count
            self._told(count)
        return len(view)
