"""Named arrays with one row a sample: in memory, or as plain files read piece by piece."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self

from mlfw.files import read_json, write_json

if TYPE_CHECKING:
    import numpy as np

INDEX = "index.json"


class Arrays(Protocol):
    """Named arrays of the same number of rows."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    def read(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Return the rows from `start` up to `stop`, each array [stop - start, ...]."""


@dataclass(frozen=True)
class MemoryArrays:
    """Arrays in memory."""

    arrays: Mapping[str, np.ndarray]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.arrays.values())))

    def read(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Return views of some rows; see `Arrays.read`."""
        return {name: array[start:stop] for name, array in self.arrays.items()}


@dataclass(frozen=True)
class StoredArrays:
    """Arrays in a folder that `ArrayWriter` wrote.

    The files are held open from the first reading on, so that a folder may be removed meanwhile.
    """

    folder: Path

    @cached_property
    def _index(self) -> Any:
        return read_json(self.folder / INDEX)

    @cached_property
    def _files(self) -> dict[str, BinaryIO]:
        return {
            name: (self.folder / entry["file"]).open("rb", buffering=0)
            for name, entry in self._index["arrays"].items()
        }

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self._index["rows"])

    def read(self, start: int, stop: int) -> dict[str, np.ndarray]:
        """Read some rows; see `Arrays.read`."""
        import numpy as np

        found = {}
        for name, entry in self._index["arrays"].items():
            array = np.empty((stop - start, *entry["shape"]), entry["dtype"])
            if array.nbytes:
                width = array.nbytes // len(array)
                _fill(self._files[name], start * width, array)
            found[name] = array
        return found

    def load(self) -> MemoryArrays:
        """Return all rows, which are read when they are first used; changes are kept nowhere."""
        import numpy as np

        arrays = {}
        for name, entry in self._index["arrays"].items():
            shape = (self.rows, *entry["shape"])
            if math.prod(shape):
                path = self.folder / entry["file"]
                arrays[name] = np.memmap(path, entry["dtype"], "c", shape=shape).view(np.ndarray)
            else:
                arrays[name] = np.empty(shape, entry["dtype"])
        return MemoryArrays(arrays)


def _fill(file: BinaryIO, offset: int, array: np.ndarray) -> None:
    """Read into an array at an offset, in as many pieces as the system makes of it."""
    view = array.data.cast("B")
    while len(view):
        count = os.preadv(file.fileno(), [view], offset)
        if not count:
            raise OSError(f"{file.name}: ends early")
        view, offset = view[count:], offset + count


class ArrayWriter:
    """Writes arrays piece by piece into an empty folder; the index comes last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = 0
        self._entries: dict[str, dict[str, Any]] = {}
        self._files: dict[str, BinaryIO] = {}

    def __enter__(self) -> Self:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def append(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Write the next rows: the same names, types and shapes in every call."""
        import numpy as np

        for name, array in arrays.items():
            if name not in self._files:
                file = f"{len(self._files):04}.bin"
                self._entries[name] = {
                    "file": file,
                    "dtype": array.dtype.str,
                    "shape": list(array.shape[1:]),
                }
                self._files[name] = (self.folder / file).open("wb")
            if array.size:
                self._files[name].write(np.ascontiguousarray(array).data.cast("B"))
        self.rows += len(next(iter(arrays.values())))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the files and, where all went well, write the index."""
        for file in self._files.values():
            file.close()
        if kind is None:
            write_json(self.folder / INDEX, {"rows": self.rows, "arrays": self._entries})


def window_rows(arrays: Arrays, at_most: int) -> int:
    """Return how many rows make up about so many bytes.

    Args:
        arrays: What is to be read.
        at_most: How many bytes may be in memory at a time.
    """
    sample = arrays.read(0, min(arrays.rows, 1))
    width = sum(array.nbytes for array in sample.values())
    return max(math.floor(at_most / max(width, 1)), 1)
