"""The files of a request log: whole Parquet files, whenever the process ends."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.files import TEMPORARY_PREFIX, write_bytes
from mlfw_service.watch.log_table import KEY

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = ".parquet"
MOST_ROWS, MOST_SECONDS = 50_000, 3_600.0  # of one part
MEGABYTE = 1_000_000
JOINED = "joined"


class Parts:
    """A folder of Parquet files, or one file that such a folder becomes at the end.

    The rows of a part are written again with those that come, each time as a whole file that
    takes the place of the one before; so all that was written can be read, even if the process is
    killed. A path that ends in `.parquet` is one file: its parts lie in the folder `PATH.parts`
    until the process ends, or the next one does if it was killed.

    Args:
        path: The folder or the file.
        most_bytes: Most bytes of all parts; the oldest are removed.

    Attributes:
        removed: Told how many rows were removed.
    """

    def __init__(self, path: Path, most_bytes: float) -> None:
        self.path = path
        self.single = path.suffix == SUFFIX
        self.folder = path.with_name(f"{path.name}.parts") if self.single else path
        self.most_bytes = most_bytes
        self.removed: Callable[[int], None] = lambda _: None
        self._tables: list[pa.Table] = []
        self._file: Path | None = None
        self._begun, self._number = 0.0, 0

    def check(self, schema: pa.Schema) -> None:
        """Check that the log can be written.

        Args:
            schema: The columns to be logged.

        Raises:
            UserError: It cannot, or the file holds other rows.
        """
        if self.folder.is_file() or (self.single and self.path.is_dir()):
            found = "a file" if self.folder.is_file() else "a folder"
            raise UserError(
                f"serve.log={self.path}: expected a folder, or a file that ends in {SUFFIX}; found "
                f"{found}.",
                "Name another place: serve.log=requests",
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f"{TEMPORARY_PREFIX}probe-{os.getpid()}"
            write_bytes(probe, b"")
            probe.unlink()
        except OSError as error:
            raise UserError(
                f"serve.log={self.path}: cannot be written: {error.strerror or error}.",
                "Name a folder that this user may write to: serve.log=requests",
            ) from None
        if self.single and self.path.exists():
            self._check_same(schema)

    def _check_same(self, schema: pa.Schema) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            same = pq.read_schema(self.path).equals(schema)
        except (pa.ArrowException, OSError):
            same = False
        if not same:
            raise UserError(
                f"serve.log={self.path}: holds something else than a log of this model.",
                "Name another file.",
            )

    def add(self, table: pa.Table) -> None:
        """Write more rows.

        Raises:
            OSError: They cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        now = time.time()
        if self._file is None:
            stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
            self._number += 1
            name = f"{stamp}-{os.getpid()}-{self._number:05}-{secrets.token_hex(4)}{SUFFIX}"
            self._file, self._begun = self.folder / name, now
        self._tables.append(table)
        whole = pa.concat_tables(self._tables)
        try:
            out = pa.BufferOutputStream()
            pq.write_table(whole, out, compression="zstd")
            write_bytes(self._file, bytes(out.getvalue()))
        except OSError:
            self._tables.pop()
            raise
        if whole.num_rows >= MOST_ROWS or now - self._begun > MOST_SECONDS:
            self._tables, self._file = [], None
        self._remove_oldest()

    def _remove_oldest(self) -> None:
        import pyarrow.parquet as pq

        files = self._files()
        sizes = {each: each.stat().st_size for each in files}
        total = sum(sizes.values())
        for file in files:
            if total <= self.most_bytes or file == self._file:
                return
            rows = pq.read_metadata(file).num_rows
            file.unlink(missing_ok=True)
            total -= sizes[file]
            self.removed(rows)

    def _files(self) -> list[Path]:
        """Return all parts, the oldest first."""
        return sorted(each for each in self.folder.glob(f"*{SUFFIX}") if each.name[0] not in "._")

    def finish(self) -> None:
        """Make one file of the parts of this process, and of those that processes left behind."""
        if not self.single or not self.folder.is_dir():
            return
        with self._locked():
            parts = [each for each in self._files() if _is_left(each)]
            if parts:
                self._join(parts)
        if not self._files():
            (self.folder / ".lock").unlink(missing_ok=True)
            self.folder.rmdir()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _join(self, parts: list[Path]) -> None:
        import pyarrow.parquet as pq

        there = [self.path] if self.path.exists() else []
        joined = _joined_before(self.path) if there else set()
        new = [each for each in parts if each.name not in joined]
        if new:
            schema = pq.read_schema(new[0])
            metadata = dict(schema.metadata or {})
            told = json.loads(metadata.get(KEY, b"{}"))
            metadata[KEY] = json.dumps({**told, JOINED: [each.name for each in new]}).encode()
            temporary = self.path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{self.path.name}")
            with pq.ParquetWriter(
                temporary, schema.with_metadata(metadata), compression="zstd"
            ) as writer:
                for file in (*there, *new):
                    with pq.ParquetFile(file) as source:
                        for batch in source.iter_batches(MOST_ROWS):
                            writer.write_batch(batch.replace_schema_metadata(metadata))
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(self.path)
        for file in parts:
            file.unlink(missing_ok=True)


def _joined_before(path: Path) -> set[str]:
    """Return the parts that a file holds already, whose removal was interrupted."""
    import pyarrow.parquet as pq

    told = json.loads((pq.read_schema(path).metadata or {}).get(KEY, b"{}"))
    return set(told.get(JOINED, ()))


def _is_left(part: Path) -> bool:
    """Tell whether no other process that runs writes a part."""
    try:
        number = int(part.name.split("-")[1])
        if number == os.getpid():
            return True
        os.kill(number, 0)
    except (IndexError, ValueError, ProcessLookupError):
        return True
    except PermissionError:
        return False
    return False
