"""Finding the files that URLs stand for, opening them, and keeping copies of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlsplit, urlunsplit

from mlfw.cache import Cache
from mlfw.components.dataset import Progress, silent
from mlfw.components.megabytes import Megabytes
from mlfw.errors import UserError, did_you_mean
from mlfw.files import digest
from mlfw.remote.deadline import within_seconds
from mlfw.remote.filesystems import open_filesystem, reported
from mlfw.urls import scheme_of, shown_url

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem

MAGIC = re.compile(r"[*\[]")
PIECE = 8 << 20
COPIES = "copies"


@dataclass(frozen=True)
class RemoteFile:
    """A file that a URL names, alone or with others.

    Attributes:
        root: The URL that its file system is opened by.
        path: The file's path in that file system.
        place: What it is called in messages: its URL without secrets.
        size: Its size in bytes.
        version: What changes when its content does: its ETag, or the time it was changed.
        below: Its path below the folder that the URL names; empty for a file that stands alone.
    """

    root: str
    path: str
    place: str
    size: int
    version: str
    below: str = ""

    def __str__(self) -> str:
        """Return the URL without secrets."""
        return self.place

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open the file for reading its bytes, at any position.

        Args:
            mode: `rb`, as of any other file.

        Raises:
            ValueError: The mode is another one.
            UserError: The file cannot be opened.
        """
        if mode != "rb":
            raise ValueError(f"mode: expected 'rb', found {mode!r}")
        system, _ = open_filesystem(self.root, self.place)
        with self.reported():
            return cast("BinaryIO", system.open_input_file(self.path))

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Raise what goes wrong with the file's storage in the block as a `UserError`."""
        with reported(self.root, self.place):
            yield

    def copy(self, progress: Progress = silent) -> Path:
        """Return a local copy, made once for each version of the file.

        It lies in the user's cache, or where there is none in a temporary folder that is removed
        when the process ends.

        Args:
            progress: Told how much is copied.

        Raises:
            UserError: The file cannot be read, or changes meanwhile.
            OSError: The disk has no room for it.
        """
        kept = Cache.of_user()
        if not kept.limit or kept.trouble():
            kept = Cache(Path(_temporary().name), self.size * 2)
        key = digest([COPIES, shown_url(self.root), self.path, self.size, self.version])
        folder = kept.add(key, lambda new: self._write(new / self.name, progress))
        return folder / self.name

    def _write(self, file: Path, progress: Progress) -> None:
        system, _ = open_filesystem(self.root, self.place)
        telling, done = Megabytes(progress, self.size), 0
        with file.open("wb") as out:
            with self.reported():
                source = system.open_input_stream(self.path, compression=None)
            while True:
                with self.reported():
                    piece = source.read(PIECE)
                if not piece:
                    break
                out.write(piece)
                done += len(piece)
                telling.tell(done, f"downloading {self.name}")
            source.close()
        if done != self.size:
            raise UserError(
                f"{self.place}: {self.size} bytes long when the run began, {done} now.",
                "Type the command again when it is no longer written to.",
            )


AnyFile = Path | RemoteFile


@cache
def _temporary() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="mlfw-")


@contextmanager
def local_copies(
    files: Sequence[RemoteFile], progress: Progress = silent
) -> Iterator[dict[RemoteFile, Path]]:
    """Yield local copies of files; a mistake that names a copy is told with the file's URL.

    Raises:
        UserError: A file cannot be copied, or the block raises one.
    """
    copies = {file: file.copy(progress) for file in files}

    def named(text: str) -> str:
        for file, copy in copies.items():
            text = text.replace(str(copy), file.place)
        return text

    try:
        yield copies
    except UserError as error:
        if not copies:
            raise
        raise UserError(named(error.problem), named(error.remedy)) from None


def find_remote_files(
    url: str, *, suffixes: tuple[str, ...] = (), folders: bool = False
) -> list[RemoteFile]:
    """Return the files that a URL stands for: one, those of a pattern, or those in a folder.

    Args:
        url: A URL; the path of a pattern holds `*`, `**` or `[...]`.
        suffixes: What the names of files in a folder end in.
        folders: Whether a folder stands for the files below it; those whose name, or the name of
            a folder on the way, begins with `.` or `_` are passed over.

    Raises:
        UserError: There is no such file, it is empty, it may not be read, or the storage cannot be
            reached.
    """
    parts = urlsplit(url)
    steps = parts.path.split("/")
    first = next((n for n, step in enumerate(steps) if MAGIC.search(step)), len(steps))
    root = urlunsplit(parts._replace(path="/".join(steps[:first]), fragment=""))
    if first < len(steps):
        found = _matching(root, steps[first:], url)
    else:
        found = _there(root, suffixes, folders)
    for file in found:
        if not file.size:
            raise UserError(f"{file}: the file is empty.", "Check how it was made or copied.")
    return found


def _matching(root: str, steps: list[str], url: str) -> list[RemoteFile]:
    """Return the files below a folder that a pattern matches, by name."""
    pattern = re.compile("/".join(map(_step, steps)).replace("(?:.*/)?/", "(?:.*/)?"))
    deep = len(steps) > 1 or "**" in steps
    system, base, infos = _listed(root, recursive=deep)
    named = {info.path[len(base) :].strip("/"): info for info in infos}
    found = sorted(name for name in named if pattern.fullmatch(name))
    if not found:
        _check_bucket(system, root, base)
        inside = ", ".join(sorted(named)[:5])
        raise UserError(
            f"{shown_url(url)}: no file matches.",
            f"Check the pattern. {shown_url(root)} holds {inside or 'no file'}.",
        )
    return [_file(system, root, named[name], name) for name in found]


def _step(step: str) -> str:
    """Return a regular expression for one part of a pattern's path."""
    if step == "**":
        return "(?:.*/)?"
    # `translate` lets `*` match slashes; hidden names are matched by none.
    body = translate(step).removeprefix("(?s:").removesuffix(r")\Z").replace(".*", "[^/]*")
    return r"(?!\.)" + body


def _there(root: str, suffixes: tuple[str, ...], folders: bool) -> list[RemoteFile]:
    """Return the file at a URL, or those in the folder there."""
    from pyarrow.fs import FileType

    system, path = open_filesystem(root)
    info = _answer(root, lambda: system.get_file_info(path))
    if info.type is FileType.NotFound:
        raise _missing(system, root, path)
    if info.type is not FileType.Directory:
        return [_file(system, root, info, "")]
    if not folders:
        pattern = f"{shown_url(root).rstrip('/')}/*{(*suffixes, '')[0]}"
        raise UserError(
            f"{shown_url(root)}: is a folder, expected a file.",
            f"For all files in it type a pattern: '{pattern}'",
        )
    _, base, infos = _listed(root, recursive=True)
    found = {info.path[len(base) :].strip("/"): info for info in infos}
    names = [
        name
        for name in sorted(found)
        if name.lower().endswith(suffixes or ("",)) and not _hidden(name)
    ]
    if not names:
        raise UserError(
            f"{shown_url(root)}: no file in this folder ends in {' or '.join(suffixes)}.",
            "Check the URL.",
        )
    return [_file(system, root, found[name], name) for name in names]


def _hidden(name: str) -> bool:
    return any(step.startswith((".", "_")) and "=" not in step for step in name.split("/"))


def _listed(root: str, *, recursive: bool) -> tuple[FileSystem, str, list[FileInfo]]:
    """Return a folder's file system, its path there and the files in it."""
    from pyarrow.fs import FileSelector, FileType

    system, base = open_filesystem(root)
    selector = FileSelector(base, recursive=recursive, allow_not_found=True)
    infos = _answer(root, lambda: system.get_file_info(selector))
    return system, base, [info for info in infos if info.type is FileType.File]


def _answer(root: str, ask: Any) -> Any:
    """Return what a storage answers, within bounded time."""
    with reported(root, shown_url(root)):
        return ask() if scheme_of(root) in ("s3", "gs", "file") else within_seconds(ask)


def _missing(system: FileSystem, root: str, path: str) -> UserError:
    """Return an error about a file that is not there, with the nearest name."""
    from pyarrow.fs import FileSelector

    folder, _, name = path.rpartition("/")
    place, names = shown_url(root), list[str]()
    _check_bucket(system, root, path)
    if folder:
        with reported(root, place):
            infos = system.get_file_info(FileSelector(folder, allow_not_found=True))
        names = [PurePosixPath(info.path).name for info in infos]
    hint = did_you_mean(name, names, listed=True)
    return UserError(
        f"{place}: no such file.", hint if hint.startswith("Did") else "Check the URL."
    )


def _check_bucket(system: FileSystem, root: str, path: str) -> None:
    """Check that there is the bucket that a path begins with, where paths begin so."""
    from pyarrow.fs import FileType

    if scheme_of(root) not in ("s3", "gs", "abfs"):
        return
    bucket = path.split("/")[0]
    with reported(root, shown_url(root)):
        found = system.get_file_info(bucket).type
    if found is FileType.NotFound:
        raise UserError(f"{shown_url(root)}: there is no bucket '{bucket}'.", "Check its name.")


def _file(system: FileSystem, root: str, info: FileInfo, below: str) -> RemoteFile:
    """Return what is known of a file at a URL, or below it."""
    parts = urlsplit(shown_url(root))
    path = f"{parts.path.rstrip('/')}/{below}" if below else parts.path
    place = urlunsplit(parts._replace(path=path))
    with reported(root, place):
        version = _version(system, info)
    return RemoteFile(root, info.path, place, info.size or 0, version, below)


def _version(system: FileSystem, info: FileInfo) -> str:
    """Return what changes when a file does."""
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    if isinstance(system, PyFileSystem) and isinstance(system.handler, FSSpecHandler):
        return str(system.handler.fs.ukey(info.path))
    if system.type_name in ("s3", "gcs", "abfs"):
        with system.open_input_file(info.path) as file:
            metadata = file.metadata() or {}
        tag = {str(name).lower(): value for name, value in metadata.items()}.get("etag")
        if tag:
            return tag.decode() if isinstance(tag, bytes) else str(tag)
    return str(info.mtime_ns or "")
