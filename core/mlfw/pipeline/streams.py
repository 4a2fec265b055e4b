"""Rows from standard input, pipes and devices, and predictions into them.

They are called `-`, or by their paths in /dev and /proc, as a shell's `<(...)` is.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO
from urllib.parse import urlsplit

from mlfw.disk import disk_errors
from mlfw.errors import UserError
from mlfw.remote import find_remote_files, local_copies
from mlfw.urls import is_url, shown_url

STANDARD = "-"
DEVICES = ("/dev", "/proc")
USUAL_SUFFIX = ".csv"
BEGINNINGS = {
    b"PAR1": ".parquet",
    b"\x1f\x8b": ".csv.gz",
    b"PK\x03\x04": ".xlsx",
    b"{": ".jsonl",
}
LONGEST_BEGINNING = 64


class UrlPath(PosixPath):
    """A URL in the place of the path of a file of rows; `readable` gives a copy.

    As text it is the URL without its secrets.
    """

    url: str

    def __str__(self) -> str:
        """Return the URL without its secrets."""
        return shown_url(self.url)


def rows_path(text: str) -> Path:
    """Return the path, or the URL, of a file of rows as it is typed."""
    if not is_url(text):
        return Path(text)
    path = UrlPath(urlsplit(text).path or "/")
    path.url = text
    return path


def is_stream(path: Path) -> bool:
    """Tell whether a path is `-`, or a pipe or device of the system such as /dev/stdin."""
    return str(path) == STANDARD or any(path.is_relative_to(folder) for folder in DEVICES)


def shown(path: Path) -> str:
    """Return what a source of rows is called in messages."""
    return "standard input" if str(path) in (STANDARD, "/dev/stdin") else str(path)


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """Yield a file with what is to be read: the path itself, or a copy of a stream or a URL.

    The copy has the suffix of the path, or one that its first bytes tell, or that of CSV; a
    message about it names the path.

    Raises:
        UserError: The stream or the URL cannot be read.
    """
    if isinstance(path, UrlPath):
        files = find_remote_files(path.url)
        if len(files) > 1:
            raise UserError(f"{path}: {len(files)} files match, expected one.", "Name one.")
        with disk_errors(), local_copies(files) as copies:
            yield copies[files[0]]
        return
    if not is_stream(path):
        yield path
        return
    with TemporaryDirectory(prefix="mlfw-") as folder:
        try:
            with _opened(path) as stream:
                _check_ends(stream)
                start = stream.read(LONGEST_BEGINNING)
                copy = Path(folder) / f"rows{path.suffix or _suffix(start)}"
                with copy.open("wb") as file:
                    file.write(start)
                    shutil.copyfileobj(stream, file)
        except OSError as error:
            raise UserError(
                f"{shown(path)}: cannot be read: {error.strerror or error}.", "Name a file."
            ) from None
        try:
            yield copy
        except UserError as error:
            raise UserError(
                error.problem.replace(str(copy), shown(path)),
                error.remedy.replace(str(copy), shown(path)),
            ) from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if str(path) == STANDARD:
        if sys.stdin is None:
            raise OSError("it is closed")
        if sys.stdin.isatty():
            print("mlfw: reading rows from the terminal; Ctrl-D ends them", file=sys.stderr)
        yield sys.stdin.buffer
    else:
        with path.open("rb") as stream:
            yield stream


def _check_ends(stream: BinaryIO) -> None:
    """Check that a stream is no device such as /dev/zero, which gives bytes without end."""
    status = os.fstat(stream.fileno())
    null = _status(Path(os.devnull))
    ends = stream.isatty() or (null is not None and status.st_rdev == null.st_rdev)
    if stat.S_ISCHR(status.st_mode) and not ends:
        raise OSError("it is a device, expected rows")


def _suffix(start: bytes) -> str:
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    found = (suffix for sign, suffix in BEGINNINGS.items() if start.startswith(sign))
    return next(found, USUAL_SUFFIX)


def write_stream(content: bytes, path: Path | None) -> None:
    """Write into a pipe or a device, or, without a path, to standard output.

    Raises:
        UserError: It cannot be written.
        BrokenPipeError: The reader has gone.
    """
    try:
        if path is None or str(path) == STANDARD or _same(path, 1):
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            with path.open("wb") as stream:
                stream.write(content)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "standard output" if path is None else path
        raise UserError(
            f"{name}: cannot be written: {error.strerror or error}.",
            "Name another file after -o.",
        ) from None


def check_apart(data: Path, output: Path | None, remedy: str) -> None:
    """Check that the predictions do not go where the rows come from, whatever it is called.

    Args:
        data: Where the rows come from.
        output: Where the predictions go; None for standard output.
        remedy: What to do.

    Raises:
        UserError: They do.
    """
    source = _status(0 if str(data) == STANDARD else data)
    target = _status(1 if output is None or str(output) == STANDARD else output)
    if source is None or target is None or not stat.S_ISREG(target.st_mode):
        return
    if os.path.samestat(source, target):
        raise UserError(
            f"{'standard output' if output is None else output}: is the file that the rows come "
            f"from, {shown(data)}; the predictions would take its place.",
            remedy,
        )


def _same(path: Path, descriptor: int) -> bool:
    there, standard = _status(path), _status(descriptor)
    return there is not None and standard is not None and os.path.samestat(there, standard)


def _status(place: Path | int) -> os.stat_result | None:
    try:
        return os.stat(place)  # noqa: PTH116 - a descriptor is no path
    except OSError:
        return None
