"""Finding the files that paths, patterns and folders stand for."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from mlfw import UserError
from mlfw.components.dataset import Progress, silent
from mlfw.errors import did_you_mean, listing
from mlfw.hints import shell_word
from mlfw.remote import RemoteFile, find_remote_files, local_copies
from mlfw.urls import is_url

# What Hive and Spark write for a missing value.
MISSING_PART = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Source:
    """One file to read.

    Attributes:
        path: The file.
        parts: Columns that the names of its folders give it, such as `year=2024`.
    """

    path: Path | RemoteFile
    parts: dict[str, str | None] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What is the same for two names of one file."""
        return str(self.path.resolve() if isinstance(self.path, Path) else self.path)


@dataclass(frozen=True)
class LocalSource(Source):
    """A source whose file lies on a disk of this machine."""

    path: Path


def find_sources(
    paths: Iterable[str], key: str, suffixes: tuple[str, ...], *, folders: bool
) -> list[Source]:
    """Return the files that paths stand for, in order; those of a pattern or folder by name.

    Args:
        paths: Files, patterns such as `data/*.csv`, and folders where these are read; or URLs of
            these.
        key: The configuration's key, for messages.
        suffixes: What the names of files in a folder end in.
        folders: Whether a folder stands for the files in it.

    Raises:
        UserError: A file is not there, is empty or may not be read, nothing matches, or a file is
            named twice.
    """
    found: list[Source] = []
    for text in paths:
        if is_url(text):
            found += _remote(text, key, suffixes, folders=folders)
            continue
        for path in _matches(text, key):
            if folders and is_folder(path):
                found += _in_folder(path, key, suffixes)
            else:
                found.append(Source(path))
    seen: set[str] = set()
    for source in found:
        if isinstance(source.path, Path):
            check_file(source.path, key, suffixes[0] if suffixes else "")
        if source.key in seen:
            raise UserError(f"{key}: {source.path} is named twice.", "Name each file once.")
        seen.add(source.key)
    return found


def _remote(url: str, key: str, suffixes: tuple[str, ...], *, folders: bool) -> list[Source]:
    """Return the files that a URL stands for; those in a folder with what its names say."""
    try:
        files = find_remote_files(url, suffixes=suffixes, folders=folders)
    except UserError as error:
        raise UserError(f"{key}: {error.problem}", error.remedy) from None
    return [Source(file, _parts_of(file.below.split("/")[:-1])) for file in files]


@contextmanager
def on_disk(sources: Sequence[Source], progress: Progress = silent) -> Iterator[list[LocalSource]]:
    """Yield sources of files on this machine's disk: remote ones are copied.

    A mistake that names a copy is told with the file's URL.
    """
    remote = [source.path for source in sources if isinstance(source.path, RemoteFile)]
    with local_copies(remote, progress) as copies:
        yield [
            LocalSource(
                copies[source.path] if isinstance(source.path, RemoteFile) else source.path,
                source.parts,
            )
            for source in sources
        ]


def _matches(text: str, key: str) -> list[Path]:
    path = Path(text)
    if not glob.has_magic(text) or os.path.lexists(path):
        return [path]
    found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - takes an absolute pattern
    if not found:
        folder = next(part for part in path.parents if not glob.has_magic(str(part)))
        inside = _names(folder)
        there = f"{folder} holds {listing(inside)}." if inside else f"{folder}: no such folder."
        raise UserError(f"{key}: {text}: no file matches.", f"Check the pattern. {there}")
    return [Path(name) for name in found]


def _in_folder(folder: Path, key: str, suffixes: tuple[str, ...]) -> list[Source]:
    """Return the files below a folder; those named with `_` or `.` belong to its writer."""
    found = []
    for path in sorted(folder.rglob("*")):
        steps = path.relative_to(folder).parts
        hidden = any(step.startswith((".", "_")) and "=" not in step for step in steps)
        if path.name.lower().endswith(suffixes) and not hidden and path.is_file():
            found.append(Source(path, _parts_of(steps[:-1])))
    if not found:
        raise UserError(
            f"{key}: {folder}: no file in this folder ends in {' or '.join(suffixes)}.",
            "Check the path.",
        )
    return found


def _parts_of(steps: Iterable[str]) -> dict[str, str | None]:
    """Return the columns that the names of folders give, such as `year=2024`."""
    pairs = [step.split("=", 1) for step in steps if "=" in step]
    return {name: _part(value) for name, value in pairs}


def _part(value: str) -> str | None:
    return None if value == MISSING_PART else unquote(value)


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder, also of a name that no folder can have."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a name that is too long


def check_file(path: Path, key: str, suffix: str = ".csv") -> None:
    """Check that a file is there and holds something.

    Args:
        path: The file.
        key: The configuration's key, for messages.
        suffix: What such files end in.

    Raises:
        UserError: It is not there, is a folder, is empty, or may not be read.
    """
    place = f"{key}: {path}" if key else str(path)
    try:
        if path.is_dir():
            pattern = shell_word(f"{path / '*'}{suffix}")
            raise UserError(
                f"{place}: is a folder, expected a file.",
                f"For all files in it type a pattern: {pattern}",
            )
        if not path.exists():
            raise UserError(*_not_there(path, place))
        if not path.is_file():
            raise UserError(
                f"{place}: is a pipe or a device, expected a file.",
                "Write what it gives to a file first.",
            )
        if path.stat().st_size == 0:
            raise UserError(f"{place}: the file is empty.", "Check how it was made or copied.")
        path.open("rb").close()
    except OSError as error:
        raise UserError(
            f"{place}: cannot be read: {error.strerror}.",
            f"Check its permissions: ls -l {shell_word(path)}",
        ) from None


def _not_there(path: Path, place: str) -> tuple[str, str]:
    """Return what to tell of a path at which there is no file, and what to do."""
    if path.is_symlink():
        return (
            f"{place}: no such file where this link leads.",
            f"Check where it leads: ls -l {shell_word(path)}",
        )
    hint = did_you_mean(path.name, _names(path.parent))
    return f"{place}: no such file.", hint if hint.startswith("Did") else "Check the path."


def _names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
