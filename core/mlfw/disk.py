"""What disks and folders refuse, as mistakes that the user can mend."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlfw.errors import UserError

FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than this process may write (ulimit -f)",
}
REFUSED = {
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "the link leads to itself",
}
IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}
ROOM = "Make room there, then type the same command again."
ELSEWHERE = "Choose a folder that can be written."
OTHER_KINDS = {
    stat.S_ISFIFO: "a FIFO",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
    stat.S_ISDIR: "a folder",
}


@contextmanager
def disk_errors(elsewhere: str = ELSEWHERE) -> Iterator[None]:
    """Let what a disk or a folder refuses in the block be a mistake that can be mended.

    Args:
        elsewhere: What to do where a folder cannot be written.

    Raises:
        UserError: In place of the error of the system.
    """
    try:
        yield
    except Exception as error:
        mistake = disk_mistake(error, elsewhere)
        if mistake is None:
            raise
        raise mistake from error


def disk_mistake(error: BaseException, elsewhere: str = ELSEWHERE) -> UserError | None:
    """Return an error of a disk or a folder as a mistake that can be mended; None for others.

    Args:
        error: What was raised. Libraries hide errors of the system in errors of their own: what
            caused it is looked at, and its text.
        elsewhere: What to do where a folder cannot be written.
    """
    if isinstance(error, UserError):
        return None
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno is not None:
            mistake = _mistake(seen, elsewhere)
            if mistake is not None:
                return mistake
        seen = seen.__cause__ or seen.__context__
    full = [reason for number, reason in FULL.items() if os.strerror(number) in str(error)]
    if "database or disk is full" in str(error):  # SQLite's own words
        full = [FULL[errno.ENOSPC]]
    return UserError(f"{_folder()}: {full[0]}.", ROOM) if full else None


def _mistake(error: OSError, elsewhere: str) -> UserError | None:
    name = error.filename if isinstance(error.filename, str | bytes) else None
    path = Path(os.fsdecode(name)) if name else None
    if error.errno in FULL:
        return UserError(f"{_shown(path) if path else _folder()}: {FULL[error.errno]}.", ROOM)
    if path is None:
        return None
    if error.errno in REFUSED:
        return UserError(f"{_shown(path)}: {REFUSED[error.errno]}.", elsewhere)
    if error.errno == errno.ENOENT and _is_virtual(path.parent):
        return UserError(f"{_shown(path)}: nothing can be created in this file system.", elsewhere)
    if error.errno in IN_THE_WAY:
        found = next((each for each in (path, *path.parents) if os.path.lexists(each)), path)
        kind = kind_of_file(found)
        if kind not in ("", "a folder"):
            return UserError(f"{_shown(found)}: expected a folder, found {kind}.", elsewhere)
    return None


def _is_virtual(folder: Path) -> bool:
    """Return whether a folder belongs to a file system of the kernel's own, such as `/proc`."""
    return folder.is_dir() and os.statvfs(folder).f_blocks == 0


def kind_of_file(path: Path) -> str:
    """Return what stands at a path, in words: `a FIFO`, `a folder`, `a file`; empty for nothing."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        if os.path.islink(path):  # noqa: PTH114 - of too long a name pathlib raises an error
            return f"a link to {path.readlink()}, which does not exist"
        return ""
    return next((kind for of_kind, kind in OTHER_KINDS.items() if of_kind(mode)), "a file")


def check_output(path: Path) -> None:
    """Check that a file can be written whole in place of what stands at a path.

    Raises:
        UserError: Something stands there that is no file, such as a FIFO, a folder or a link to
            nothing.
    """
    kind = kind_of_file(path)
    if kind not in ("", "a file"):
        raise UserError(
            f"{path}: expected a file or a new name, found {kind}.", "Choose another name."
        )


def check_folder(path: Path, elsewhere: str = ELSEWHERE) -> None:
    """Check that a folder can be written, or made, without making it.

    Args:
        path: The folder.
        elsewhere: What to do where it cannot.

    Raises:
        UserError: It cannot.
    """
    found = next((each for each in (path, *path.absolute().parents) if os.path.lexists(each)), path)
    kind = kind_of_file(found)
    if kind != "a folder":
        raise UserError(f"{_shown(found)}: expected a folder, found {kind}.", elsewhere)
    if not os.access(found, os.W_OK | os.X_OK):
        raise UserError(f"{_shown(found)}: permission denied, or read-only.", elsewhere)


def _folder() -> str:
    return "a folder that mlfw writes to"


def _shown(path: Path) -> str:
    """Return a path, cut in its middle where its names are longer than a message should be."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:60]}...{text[-20:]}"
