"""Rows that each have an image file: reading the files, and finding those that are no images."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mlfw import UserError
from mlfw.components.dataset import Progress
from mlfw_images.check import fault

if TYPE_CHECKING:
    import pyarrow as pa

Result = TypeVar("Result")

MOST_BYTES = 2**31 - 1
FILES_A_STEP = 32


@dataclass(frozen=True)
class ImageRows:
    """Rows that each have an image file, not read yet.

    Attributes:
        files: The files; None where a row names none.
        names: What each is called in messages.
        others: The other columns; None where there are none.
        index: Where the images' column stands among them.
        passed: Files that were passed over, as their names are not those of images.
    """

    files: Sequence[Path | None]
    names: Sequence[str]
    others: pa.Table | None = None
    index: int = 0
    passed: Sequence[str] = ()

    @classmethod
    def of(cls, files: Sequence[Path], names: Sequence[str], **columns: list[str]) -> ImageRows:
        """Return rows with further columns of text after the image."""
        import pyarrow as pa

        return cls(files, names, pa.table(columns) if columns else None)

    def read(self, progress: Progress) -> tuple[list[bytes | None], dict[int, str]]:
        """Read and check all files.

        Returns:
            The files' content, [rows], and what is wrong, by row; such a row has no content.

        Raises:
            UserError: Together they are too large to be held as one column.
        """
        self._check_size()
        contents: list[bytes | None] = []
        faults: dict[int, str] = {}
        for content, reason in self._each(_read, progress, "images"):
            if reason:
                faults[len(contents)] = reason
            contents.append(content)
        return contents, faults

    def _each(
        self, act: Callable[[Path | None], Result], progress: Progress, what: str
    ) -> Iterator[Result]:
        """Yield what a function returns for each file, in order, and tell how far that is."""
        total = len(self.files)
        for done, result in enumerate(_in_threads(act, self.files), 1):
            yield result
            if done % FILES_A_STEP == 0 or done == total:
                progress(done, total, what)

    def _check_size(self) -> None:
        total = sum(path.stat().st_size for path in self.files if path and path.is_file())
        if total > MOST_BYTES:
            raise UserError(
                f"{len(self.files)} images take {total / 1e9:.1f} GB; at most "
                f"{MOST_BYTES / 1e9:.1f} GB can be held.",
                "Make the images smaller: models shrink them anyway.",
            )

    def table(
        self, contents: Sequence[bytes | None], faults: Mapping[int, str], column: str
    ) -> pa.Table:
        """Return the rows whose images were read, the images' content in `column`."""
        import pyarrow as pa

        kept = [row for row in range(len(contents)) if row not in faults]
        images = pa.array([contents[row] for row in kept], pa.binary())
        if self.others is None:
            return pa.table({column: images})
        others = self.others.take(pa.array(kept, pa.int64())) if faults else self.others
        return others.add_column(self.index, column, images)

    def fingerprint(self, progress: Progress) -> str:
        """Return a SHA-256 of the names, the other columns and the files' content."""
        total = hashlib.sha256()
        checksums = self._each(_checksum, progress, "images, checksums")
        for name, checksum in zip(self.names, checksums, strict=True):
            total.update(f"{name}\0{checksum}\n".encode())
        if self.others is not None:
            for column in self.others.columns:
                total.update(repr(column.to_pylist()).encode())
        return total.hexdigest()


def _in_threads(
    act: Callable[[Path | None], Result], files: Sequence[Path | None]
) -> Iterator[Result]:
    """Yield what a function returns for each file, in order; disks and Pillow let threads run."""
    with ThreadPoolExecutor(min(32, 4 * (os.cpu_count() or 1))) as pool:
        yield from pool.map(act, files)


def _read(path: Path | None) -> tuple[bytes | None, str]:
    if path is None:
        return None, "no path"
    try:
        content = path.read_bytes()
    except OSError as error:
        return None, "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
    reason = fault(content)
    return (None, reason) if reason else (content, "")


def _checksum(path: Path | None) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else "none"
    except OSError:
        return "unreadable"
