"""Folders that are costly to make and can be made again: kept by content, within bounds."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlfw.errors import UserError
from mlfw.files import TEMPORARY_PREFIX, digest, new_folder, read_json, sha256, write_json
from mlfw.urls import check_on_disk

FOLDER_VARIABLE, LIMIT_VARIABLE = "MLFW_CACHE", "MLFW_CACHE_GB"
DEFAULT_LIMIT_GB = 20.0
ENTRIES, SUMS = "entries", "sums"
SETTLED_NS = 2_000_000_000


@dataclass(frozen=True)
class Cache:
    """A bounded store of folders by key; the least recently used give way.

    Attributes:
        folder: Where it lies.
        limit: How many bytes it may take.
    """

    folder: Path
    limit: int

    @classmethod
    def of_user(cls, environment: Mapping[str, str] = os.environ) -> Cache:
        """Return the user's cache.

        It lies in `$MLFW_CACHE`, or in `mlfw` in `$XDG_CACHE_HOME` or `~/.cache`, and takes at
        most `$MLFW_CACHE_GB` gigabytes (20 when not set).

        Raises:
            UserError: `MLFW_CACHE_GB` is no number of 0 or more, or `MLFW_CACHE` is a URL.
        """
        check_on_disk(environment.get(FOLDER_VARIABLE, ""), FOLDER_VARIABLE)
        base = environment.get("XDG_CACHE_HOME") or home_folder(environment) / ".cache"
        folder = Path(environment.get(FOLDER_VARIABLE) or Path(base) / "mlfw")
        text = environment.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT_GB)
        try:
            gigabytes = float(text)
            if not 0 <= gigabytes < float("inf"):
                raise ValueError
        except ValueError:
            raise UserError(
                f"{LIMIT_VARIABLE}: expected a number of gigabytes, found '{text}'.",
                f"Type for example: export {LIMIT_VARIABLE}=20",
            ) from None
        return cls(folder, int(gigabytes * 1e9))

    def trouble(self) -> str:
        """Return why the folder cannot be written to; empty where it can."""
        if not self.limit:
            return ""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return f"{self.folder}: {error.strerror}"
        return "" if os.access(self.folder, os.W_OK) else f"{self.folder}: may not be written"

    def get(self, key: str) -> Path | None:
        """Return the folder of a key, and take note that it was used; None if there is none."""
        path = self.folder / ENTRIES / key
        try:
            os.utime(path)
        except OSError:
            return None
        return path

    def add(self, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of a key, made where it is not there yet.

        Args:
            key: What the content follows from.
            make: Fills an empty folder. When it fails nothing is kept.
        """
        found = self.get(key)
        if found is not None:
            return found
        path = self.folder / ENTRIES / key
        with new_folder(path) as temporary:
            make(temporary)
        self._trim(keep=path)
        return path

    def checksum(self, file: Path) -> str:
        """Return a file's SHA-256, remembered for as long as its size and times stay.

        A file that was changed within the last two seconds is read anew each time: its time
        would not tell a further change.
        """
        state = file.stat()
        identity = [str(file.resolve()), state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        note = self.folder / SUMS / f"{digest(identity)}.json"
        try:
            return str(read_json(note)["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            found = sha256(file)
        if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > SETTLED_NS:
            write_json(note, {"file": identity[0], "sha256": found})
        return found

    def entries(self) -> list[tuple[Path, int]]:
        """Return folders and their sizes in bytes, the most recently used first."""
        folder = self.folder / ENTRIES
        found = folder.iterdir() if folder.is_dir() else []
        paths = [path for path in found if not path.name.startswith(TEMPORARY_PREFIX)]
        paths.sort(key=_used, reverse=True)
        return [(path, _size(path)) for path in paths]

    def clear(self) -> int:
        """Remove everything; return how many bytes that were."""
        size = _size(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        return size

    def _trim(self, keep: Path) -> None:
        """Remove the least recently used folders beyond the limit, but not the newest one."""
        total = 0
        for path, size in self.entries():
            total += size
            if total > self.limit and path != keep:
                shutil.rmtree(path, ignore_errors=True)
                total -= size


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the user's folder; one of temporary files for a user who has none."""
    try:
        home = Path(environment.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        home = Path()
    return home if home.is_absolute() else Path(tempfile.gettempdir()) / f"mlfw-{os.getuid()}"


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue  # another process has just removed it
    return total
