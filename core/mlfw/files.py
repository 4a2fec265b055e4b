"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from mlfw.disk import kind_of_file
from mlfw.errors import UserError

TEMPORARY_PREFIX = ".tmp-"
PIECE_BYTES = 1 << 20


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old content or the new one; see `new_file`."""
    with new_file(path) as file:
        file.write(content)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the name `path` when the block ends well.

    The content goes to a temporary file beside the target, is flushed to the disk, and takes
    the target's name in one step. Of a link it is what the link leads to that is written.

    Raises:
        OSError: The disk is full or the folder cannot be written; the old file is untouched. It
            names the file.
    """
    if path.is_symlink():
        path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = str(path)  # writing itself does not say where
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON whole or not at all; a number that is not finite becomes null."""
    write_text(
        path, json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def open_file(path: Path, most: int, *, folder: Path | None = None) -> BinaryIO:
    """Open a file of someone else's for reading: never a FIFO or a device, which could wait.

    Args:
        path: The file.
        most: The largest size, in bytes.
        folder: The folder that the file must be in, after following links; None for any.

    Raises:
        UserError: It is missing, no file, too large, not readable or in another folder.
    """
    remedy = "Copy it again from where it was made."
    kind = kind_of_file(path)
    if kind != "a file":
        raise UserError(f"{path}: expected a file, found {kind or 'nothing'}.", remedy)
    if folder is not None and not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{path}: is a link out of {folder}, to {path.resolve()}.", remedy)
    try:
        # Without waiting, in case a FIFO has taken the name in the meantime.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.", remedy) from None
    file = os.fdopen(descriptor, "rb")
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size <= most:
        return file
    file.close()
    size = f"{found.st_size:,} bytes, expected at most {most:,}"
    raise UserError(f"{path}: {size if found.st_size > most else 'expected a file'}.", remedy)


def read_file(path: Path, most: int, *, folder: Path | None = None) -> bytes:
    """Return the content of a file of someone else's; see `open_file`."""
    with open_file(path, most, folder=folder) as file:
        return file.read(most)


def finite(value: Any) -> Any:
    """Return the value with every NaN and infinity in it replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the name `path` when the block ends well.

    What stood at `path` before is replaced at the end, or kept when the block fails. A crash
    between the two renames of a replacement leaves no folder at `path`, never a torn one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path.parent))
    try:
        temporary.chmod(0o755)
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _sync_file(file)
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path.parent))
            path.replace(old)
            temporary.replace(path)
            shutil.rmtree(old)
        else:
            temporary.replace(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_folder(path.parent)


@contextmanager
def filled_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder whose files are moved to the folder `path` when the block succeeds.

    A new folder appears whole or not at all. An existing one, such as the current folder or a
    mounted disk, must be empty and is kept; the files are moved into it one by one.
    """
    if not path.exists():
        with new_folder(path) as temporary:
            yield temporary
        return
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path))
    try:
        yield temporary
        for entry in sorted(temporary.iterdir()):
            entry.replace(path / entry.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(path)


def link_folder(source: Path, target: Path) -> None:
    """Let a folder stand in a second place, whole or not at all.

    Its files are hard links where both places are on one file system, and take no more room;
    else they are copied. They must never be changed in place.
    """
    with new_folder(target) as temporary:
        link_files(source, temporary)


def link_files(source: Path, target: Path) -> None:
    """Let the files of a folder stand in an existing folder too; see `link_folder`."""
    for file in source.rglob("*"):
        place = target / file.relative_to(source)
        if file.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(file)
        except OSError:
            shutil.copyfile(file, place)


def remove_temporary(folder: Path) -> None:
    """Remove the temporary files and folders that killed processes have left below a folder.

    No process may be writing there.
    """
    for place, folders, files in os.walk(folder):
        left = [name for name in folders if name.startswith(TEMPORARY_PREFIX)]
        for name in left:
            shutil.rmtree(Path(place, name), ignore_errors=True)
            folders.remove(name)
        for name in files:
            if name.startswith(TEMPORARY_PREFIX):
                Path(place, name).unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Flush a folder's entries, so that a rename outlives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sha256(path: Path, told: Callable[[int], None] | None = None) -> str:
    """Return the hexadecimal SHA-256 of a file's content, read in pieces.

    Args:
        path: The file.
        told: Told how many bytes are read, if anyone is.
    """
    total, piece = hashlib.sha256(), memoryview(bytearray(PIECE_BYTES))
    done = 0
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(piece):
            total.update(piece[:count])
            done += count
            if told is not None:
                told(done)
    return total.hexdigest()


def digest(value: Any) -> str:
    """Return a short, stable fingerprint of a JSON-like value."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
