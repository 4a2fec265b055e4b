"""The file of a model, kept open: what was checked can be read again after it has been removed."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

from mlfw.files import open_file

MOST_BYTES = 2**31 - 1  # of a protocol buffer


class ModelFile:
    """A model's file, which is read when its content is needed, and held in memory no longer.

    Args:
        path: The file.

    Attributes:
        path: The file.

    Raises:
        UserError: It is missing, no file or too large, or may not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with open_file(path, MOST_BYTES) as file:
            self.number = os.dup(file.fileno())
        weakref.finalize(self, os.close, self.number)
        self._state = _state(os.fstat(self.number))

    @property
    def size(self) -> int:
        """The number of bytes."""
        return os.fstat(self.number).st_size

    def read(self) -> bytes:
        """Return the file's content, whatever is at its path by now."""
        parts, at = [], 0
        while part := os.pread(self.number, MOST_BYTES, at):
            parts.append(part)
            at += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def unchanged(self) -> bool:
        """Tell whether the file has been at its path, as it is, ever since it was opened."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - beside that of an open file
        except OSError:
            return False
        return _state(found) == _state(os.fstat(self.number)) == self._state


def _state(found: os.stat_result) -> tuple[int, ...]:
    """Return what differs between two files, and after any change of one."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
