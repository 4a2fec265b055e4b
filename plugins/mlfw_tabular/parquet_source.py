"""Parquet files as one source of rows, which is read by file and row group."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.components.splits import BUFFER_BYTES, ROWS_AT_ONCE
from mlfw.remote import AnyFile, RemoteFile
from mlfw_tabular.reading import check_alike
from mlfw_tabular.sources import Source

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BLOCK_ROWS = 1 << 18


@contextmanager
def as_user_error(path: AnyFile) -> Iterator[None]:
    """Raise what Arrow says of a damaged Parquet file as a `UserError`."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        text = str(error).splitlines()[0]
        if isinstance(path, RemoteFile) and not isinstance(error, pa.ArrowInvalid):
            with path.reported():
                raise
        raise UserError(
            f"{path}: not a whole Parquet file: {text}",
            "Copy or download it again, or check that it is Parquet: `file FILE`.",
        ) from None


@contextmanager
def open_parquet(path: AnyFile, *, ahead: bool = False) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file, which may be remote.

    Args:
        path: The file.
        ahead: Whether what is read of a remote file is fetched in few large requests, and kept in
            memory until the file is closed.

    Raises:
        UserError: It is damaged, or cannot be read.
    """
    import pyarrow.parquet as pq

    remote = isinstance(path, RemoteFile)
    with (
        as_user_error(path),
        # What is read ahead is kept until the file is closed: all of it.
        pq.ParquetFile(
            path.open() if isinstance(path, RemoteFile) else path,
            pre_buffer=remote and ahead,
            buffer_size=0 if remote else BUFFER_BYTES,
        ) as file,
    ):
        yield file


@dataclass(frozen=True)
class RowFile:
    """A Parquet file.

    Attributes:
        path: The file.
        parts: Columns that the names of its folders give it.
        groups: How many rows each of its row groups has.
        size: How many bytes its rows take when they are read.
        key: A number that follows from its name and what its folders' names say, not from where
            it lies nor from the files beside it.
        start: The number of the first of these row groups in the file.
    """

    path: AnyFile
    parts: Mapping[str, str | None]
    groups: tuple[int, ...]
    size: int
    key: int
    start: int = 0


@dataclass(frozen=True)
class Block:
    """Some row groups of one file, one after the other, that are read together.

    Attributes:
        file: The number of the file, from 0.
        group: The number of the first row group in it, from 0.
        first: How many rows of the source come before them.
        rows: How many rows each of them has.
    """

    file: int
    group: int
    first: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class RowSource:
    """The rows of Parquet files, one file after the other.

    Attributes:
        files: The files.
        schema: The columns of all of them, those of their folders' names included.
    """

    files: tuple[RowFile, ...]
    schema: pa.Schema

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return list(self.schema.names)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(sum(file.groups) for file in self.files)

    @property
    def size(self) -> int:
        """How many bytes the rows take when they are read."""
        return sum(file.size for file in self.files)

    def blocks(self) -> list[Block]:
        """Return all rows in order, as blocks of row groups; small groups are joined."""
        found, first = [], 0
        for number, file in enumerate(self.files):
            start = 0
            while start < len(file.groups):
                end, rows = start + 1, file.groups[start]
                while end < len(file.groups) and rows + file.groups[end] <= BLOCK_ROWS:
                    rows += file.groups[end]
                    end += 1
                found.append(Block(number, file.start + start, first, file.groups[start:end]))
                start, first = end, first + rows
        return found

    def parts(self) -> list[tuple[int, RowSource]]:
        """Return the rows in parts of one block or some small ones, as sources of their own.

        Returns:
            How many rows come before each, and the part.
        """
        found: list[tuple[int, list[Block]]] = []
        rows = 0
        for block in self.blocks():
            if not found or rows + sum(block.rows) > BLOCK_ROWS:
                found.append((block.first, []))
                rows = 0
            found[-1][1].append(block)
            rows += sum(block.rows)
        return [(first, self._part(blocks)) for first, blocks in found]

    def _part(self, blocks: list[Block]) -> RowSource:
        files = [
            replace(self.files[block.file], groups=block.rows, start=block.group)
            for block in blocks
        ]
        return replace(self, files=tuple(files))

    def to_json(self) -> dict[str, Any]:
        """Return the source as JSON data."""
        schema = b64encode(self.schema.serialize()).decode("ascii")
        return {"schema": schema, "files": [_file_to_json(file) for file in self.files]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RowSource:
        """Return the source that `to_json` describes."""
        import pyarrow as pa

        schema = pa.ipc.read_schema(pa.py_buffer(b64decode(data["schema"])))
        return cls(tuple(map(_file_from_json, data["files"])), schema)

    def read(
        self, block: Block, columns: Sequence[str] | None = None, rows: int = ROWS_AT_ONCE
    ) -> Iterator[pa.Table]:
        """Yield the rows of a block in order, in tables of bounded size.

        Args:
            block: The block.
            columns: Only these columns.
            rows: How many rows a table has at most.

        Raises:
            UserError: The file is damaged, or cannot be read.
        """
        import pyarrow as pa

        own = self.files[block.file]
        groups = list(range(block.group, block.group + len(block.rows)))
        names = self.names if columns is None else columns
        # By the file's reader: a scanner takes ten times the memory.
        with open_parquet(own.path, ahead=True) as file:
            inside = [name for name in names if name in file.schema_arrow.names]
            for batch in file.iter_batches(rows, row_groups=groups, columns=inside):
                yield pa.table(
                    {
                        name: batch[name].cast(self.schema.field(name).type)
                        if name in inside
                        else _repeated(own.parts[name], batch.num_rows)
                        for name in names
                    }
                )

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield all rows in order, in tables of bounded size; see `read`."""
        for block in self.blocks():
            yield from self.read(block, columns)


def open_source(sources: Sequence[Source], places: Sequence[AnyFile] = ()) -> RowSource:
    """Return files, one or more, as one source with the columns of the first.

    Args:
        sources: The files.
        places: What the files are called in messages, where they were made of others.

    Raises:
        UserError: A file is damaged, or has other columns.
    """
    import pyarrow as pa

    places = places or [source.path for source in sources]
    files, schemas, named = [], [], Counter[str]()
    for source, place in zip(sources, places, strict=True):
        with open_parquet(source.path) as file:
            metadata, schema = file.metadata, file.schema_arrow.remove_metadata()
        groups = list(map(metadata.row_group, range(metadata.num_row_groups)))
        counts = tuple(group.num_rows for group in groups)
        size = sum(group.total_byte_size for group in groups)
        name = json.dumps([sorted(source.parts.items()), place.name])
        named[name] += 1
        key = _number([name, named[name]])
        files.append(RowFile(source.path, source.parts, counts, size, key))
        for name in source.parts:
            if name not in schema.names:
                schema = schema.append(pa.field(name, pa.string()))
        schemas.append(schema)
        check_alike(schema.names, place, schemas[0].names, places[0])
    try:
        whole = pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise UserError(
            f"{places[0]}: its columns' types differ from those of other files: "
            f"{str(error).splitlines()[0]}",
            "Give each column one type in all files.",
        ) from None
    return RowSource(tuple(files), whole)


def _number(value: Any) -> int:
    """Return a number of 63 bits that follows from a JSON value."""
    found = blake2b(json.dumps(value).encode(), digest_size=8).digest()
    return int.from_bytes(found, "little") >> 1


def _file_to_json(file: RowFile) -> dict[str, Any]:
    remote = asdict(file.path) if isinstance(file.path, RemoteFile) else None
    return {
        "path": None if remote else str(Path(str(file.path)).absolute()),
        "remote": remote,
        "parts": dict(file.parts),
        "groups": list(file.groups),
        "size": file.size,
        "key": file.key,
        "start": file.start,
    }


def _file_from_json(data: Mapping[str, Any]) -> RowFile:
    path = RemoteFile(**data["remote"]) if data["remote"] else Path(data["path"])
    others = {name: data[name] for name in ("parts", "size", "key", "start")}
    return RowFile(path=path, groups=tuple(data["groups"]), **others)


def _repeated(value: str | None, rows: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(pa.scalar(value, pa.string()), rows)
