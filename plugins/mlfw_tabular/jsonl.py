"""The data set `jsonl`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from mlfw import UserError
from mlfw.components.dataset import Progress
from mlfw.files import finite
from mlfw.remote import AnyFile
from mlfw_tabular.encoding import find_encoding
from mlfw_tabular.json_blocks import (
    MixedTypesError,
    Opened,
    find_schema,
    may_be_merged,
    tables,
)
from mlfw_tabular.mixed_lines import (
    FORM,
    Types,
    UniformLines,
    mixed_notes,
    nested_columns,
    survey,
)
from mlfw_tabular.parquet_source import RowSource, open_source
from mlfw_tabular.reading import Telling, check_alike, join, nested_error, reading
from mlfw_tabular.row_sink import RowSink
from mlfw_tabular.streamable import StreamableDataset
from mlfw_tabular.text_file import (
    TextFile,
    Told,
    beginning,
    encoding_error,
    is_compressed,
    size_of,
)
from mlfw_tabular.what import check_text, check_what

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_BLOCK, MOST_BLOCK = 1 << 20, 1 << 30
LIKELY_RATIO = 8  # of a file's size to that of its compressed form


@dataclass(kw_only=True)
class JsonLines(StreamableDataset):
    """A file of JSON objects, one a line, or several; a key left out is a missing value.

    A column that holds values of several types, such as numbers and words, is read as text. A file
    whose name ends in `.gz` is unpacked.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
    lists: ClassVar[bool] = True

    def parse(self, path: Path, told: Told) -> pa.Table:
        """Read the file."""
        import pyarrow as pa

        encoding = _checked_encoding(path)
        try:
            table = _read(lambda: TextFile(path, encoding, told))
            merged = any(map(may_be_merged, table.columns))
        except pa.ArrowException:
            merged = True
        if merged:
            table = self._mixed(path, encoding, told)
        try:
            table.validate(full=True)
        except pa.ArrowInvalid:
            raise encoding_error(path, encoding) from None
        return table

    def _mixed(self, path: Path, encoding: str, told: Told) -> pa.Table:
        """Read a file that Arrow does not: columns of several types, or too large, as text."""
        types = self._survey(path, encoding)
        with _only_objects(path):
            return _read(lambda: UniformLines(path, encoding, types, told))

    def _survey(self, path: AnyFile, encoding: str) -> dict[str, Types]:
        """Return the types of columns' values, and take note of those of several types."""
        types = survey(path, encoding)
        nested = nested_columns(types, self.drop)
        if self.path and nested:
            raise nested_error(str(path), nested[0])
        notes = [(name, note) for name, note in mixed_notes(path, types) if name not in self.drop]
        self._notes += [note for name, note in notes if name in (self._expected or types)]
        return types

    def size(self) -> int:
        """Return about how many bytes the rows take as text."""
        return sum(
            size_of(source.path) * (LIKELY_RATIO if is_compressed(source.path) else 1)
            for source in self.sources("path")
        )

    def source(self, scratch: Path, progress: Progress) -> RowSource:
        """Return the rows written as Parquet, each column of the type that all its values fit."""
        scratch.mkdir()
        sources = self.sources("path")
        places = [source.path for source in sources]
        telling = Telling(progress, [*places, *places])
        files = []
        for path in places:
            with reading(path):
                files.append(self._opened(path, telling.of(path)))
            telling.finished(path)
        empty = [schema.empty_table() for _, schema in files]
        for path, table in zip(places, empty, strict=True):
            check_alike(table.column_names, path, empty[0].column_names, places[0])
        dropped = set(self.drop) - set(self.target)
        joined, notes = join(
            [table.select(empty[0].column_names) for table in empty],
            [path.name for path in places],
            dropped,
        )
        self._notes += notes
        written = []
        for number, (source, (opened, schema)) in enumerate(zip(sources, files, strict=True)):
            sink = RowSink(scratch / f"{number:05}.parquet")
            with reading(source.path):
                _write(opened, schema, joined.schema, sink)
            telling.finished(source.path)
            written.append(replace(source, path=sink.path))
        return open_source(written, places=places)

    def _opened(self, path: AnyFile, told: Told) -> tuple[Opened, pa.Schema]:
        """Return how to open a file so that Arrow reads it, and its columns."""
        import pyarrow as pa

        encoding = _checked_encoding(path)

        def opened() -> TextFile:
            return TextFile(path, encoding, told)

        def uniform() -> UniformLines:
            return UniformLines(path, encoding, types, told)

        def check(table: pa.Table) -> None:
            try:
                table.validate(full=True)
            except pa.ArrowInvalid:
                raise encoding_error(path, encoding) from None

        try:
            return opened, find_schema(opened, check)
        except (pa.ArrowException, MixedTypesError):
            types = self._survey(path, encoding)
        with _only_objects(path):
            return uniform, find_schema(uniform, check)

    def write_into(self, file: BinaryIO, pieces: Iterable[pa.Table]) -> None:
        """Write one JSON object a line."""
        for table in pieces:
            for row in table.to_pylist():
                line = json.dumps(finite(row), ensure_ascii=False, default=str)
                file.write(f"{line}\n".encode())


@contextmanager
def _only_objects(path: AnyFile) -> Iterator[None]:
    """Raise what Arrow says of lines in the block as a `UserError`."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, MixedTypesError) as error:
        text = (str(error).splitlines() or ["values of several types"])[0]
        raise UserError(f"{path}: not JSON objects, one a line: {text}.", FORM) from None


def _write(opened: Opened, schema: pa.Schema, joined: pa.Schema, sink: RowSink) -> None:
    """Write all rows of a file to Parquet, in bounded memory.

    Args:
        opened: Opens the file.
        schema: Its columns.
        joined: The columns of all files, with the types that they have there.
        sink: Takes the rows.
    """
    import pyarrow as pa

    begun = False
    for table in tables(opened, schema):
        if not begun:
            sink.begin(table.nbytes // max(table.num_rows, 1))
            begun = True
        columns = [
            pa.nulls(table.num_rows) if pa.types.is_null(field.type) else table[field.name]
            for field in joined
        ]
        sink.write(pa.table(columns, names=joined.names).cast(joined))
    sink.end()


def _checked_encoding(path: AnyFile) -> str:
    """Return UTF-16 or UTF-32 where a file begins so; JSON is UTF-8 else.

    Raises:
        UserError: The beginning is that of something else.
    """
    start = beginning(path)
    check_what(path, start, "JSON lines")
    encoding = find_encoding(start[:4096])
    if not encoding.startswith(("utf-16", "utf-32")):
        encoding = "utf-8"
    text = start.decode(encoding, "replace").removeprefix("\ufeff")
    check_text(path, text, "JSON objects, one a line")
    if text.lstrip().startswith("["):
        raise UserError(
            f"{path}: line 1: not JSON lines: holds a JSON array, expected one object a line.",
            "Turn it into lines: jq -c '.[]' FILE > FILE.jsonl",
        )
    return encoding


def _read(opened: Callable[[], TextFile | UniformLines]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    block = LEAST_BLOCK
    while True:
        with opened() as file:
            try:
                return pj.read_json(file, read_options=pj.ReadOptions(block_size=block))
            except pa.ArrowException as error:
                if isinstance(file, TextFile) and file.failure:
                    raise file.failure from None
                # A line that is longer than a block.
                if "straddling" not in str(error) or block >= MOST_BLOCK:
                    raise
        block *= 16
