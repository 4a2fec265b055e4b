"""Files whose writer tells how much of them is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.components.dataset import Progress
from mlfw.components.megabytes import Megabytes

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PIECE_BYTES = 16_000_000


class Written:
    """Several files, and how much of all of them is written."""

    def __init__(self, total: int, progress: Progress) -> None:
        """Begin.

        Args:
            total: About how many bytes the files will have.
            progress: Whom to tell.
        """
        self._telling = Megabytes(progress, total)
        self._done = 0

    def open(self, path: Path) -> io.FileIO:
        """Open one of the files for writing."""
        return _File(path, self._add)

    def _add(self, count: int) -> None:
        self._done += count
        self._telling.tell(self._done, "written")


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
