"""The data set `csv`."""

from __future__ import annotations

import csv
import re
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, TypeVar

import mlfw
from mlfw import Finding, UserError
from mlfw.components.dataset import Progress, silent
from mlfw.hints import override
from mlfw.remote import AnyFile
from mlfw_tabular.csv_errors import check_escapes, header_error, reason
from mlfw_tabular.csv_footer import footer_lines, footer_note
from mlfw_tabular.csv_rows import (
    LEAST_BLOCK,
    LETTING_GO,
    MOST_BLOCK,
    parse,
    read_pieces,
    read_table,
    reader_options,
    write_table,
)
from mlfw_tabular.dialect import Dialect, Known, find_dialect
from mlfw_tabular.encoding import (
    check_encoding,
    encoding_to_the_end,
    find_encoding,
    later_encoding,
)
from mlfw_tabular.parquet_source import RowSource, open_source
from mlfw_tabular.reading import Telling, check_names, reading
from mlfw_tabular.row_sink import RowSink
from mlfw_tabular.sources import check_file, on_disk
from mlfw_tabular.streamable import StreamableDataset
from mlfw_tabular.text_file import TextFile, Told, beginning, holds, is_compressed, size_of
from mlfw_tabular.what import check_text, check_what, is_json_lines

if TYPE_CHECKING:
    import pyarrow as pa

Rows = TypeVar("Rows")

PARTS_BLOCK, LEAST_BYTES_FOR_PARTS = 16 << 20, 32 << 20
LIKELY_RATIO = 8  # of a file's size to that of its compressed form
MARKS = {"\\t": "\t", "tab": "\t", "backslash": "\\"}
HINTS = {
    "delimiter": "For tabs type: dataset.delimiter=tab",
    "quote": "For a file without quotes type: dataset.quote=",
    "escape": "For a backslash type: dataset.escape=backslash",
}
ROW_NAME = "row_name"
SHOWN_TITLE = 40
LEAST_BYTES_FOR_TYPES = 8 << 20
LEAST_BYTES_FOR_PIECES = 16 << 20


@dataclass(kw_only=True)
class Csv(StreamableDataset):
    """A CSV file, or several; how it is written is found out from its beginning.

    A column has no name where the file has no header: it is called `column_1`, `column_2`, ... by
    its place. The first line is a header, unless it holds a number or a date in a column that goes
    on so, and no word above such a column; a line that holds the target is one, and so are numbers
    that differ from the rows below, such as years. Title lines, remarks that begin with `#`, blank
    lines and Excel's `sep=;` are skipped above it. Where the header has one name fewer than the
    rows have values, as R writes it, the first column is called `row_name`. A file whose name ends
    in `.gz` is unpacked.

    Attributes:
        delimiter: What stands between two values, such as ';' or tab; found out among , ; tab
            and | when left out.
        quote: What stands around values, or '' for nothing; found out when left out.
        escape: What stands before a quote within a value, such as backslash; without it such a
            quote is written twice.
        encoding: How characters are encoded; found out when left out.
        header: Whether the first line names the columns; found out when left out.
        skip: How many lines stand above the header and are no part of the table; found out when
            left out.
    """

    suffixes: ClassVar[tuple[str, ...]] = (
        ".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz",
    )  # fmt: skip

    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    encoding: str | None = None
    header: bool | None = None
    skip: int | None = field(default=None, metadata=mlfw.limits(minimum=0))

    def check(self) -> None:
        """Check the delimiter, the quote, the escape and the encoding."""
        import codecs

        super().check()
        for key, hint in HINTS.items():
            mark = self._mark(key)
            if mark and (len(mark) > 1 or not mark.isascii() or mark in "\r\n"):
                raise UserError(f"dataset.{key}: expected one character, found {mark!r}.", hint)
        try:
            "".encode(codecs.lookup(self.encoding or "utf-8").name)
        except LookupError:
            raise UserError(
                f"dataset.encoding: '{self.encoding}' is not known.", "Try utf-8 or latin-1."
            ) from None

    def _mark(self, key: str) -> str | None:
        mark: str | None = getattr(self, key)
        return MARKS.get(mark or "", mark)

    def parse(self, path: Path, told: Told) -> pa.Table:
        """Read every column as text: what it holds is inferred later, from all its values."""
        import pyarrow as pa

        dialect = self._dialect(path)
        names = _names(path, dialect)
        self._notes += _notes(path, dialect)
        types = self._types(path, dialect, names)
        if types:
            # Whatever does not go by them goes by strings, and any mistake is named there.
            with suppress(pa.ArrowInvalid):
                return read_table(path, dialect, names, told, types)

        def read(dialect: Dialect, footer: Sequence[str]) -> pa.Table:
            return read_table(path, dialect, names, told, footer=footer)

        return self._rows(path, dialect, read)

    def size(self) -> int:
        """Return about how many bytes the rows take as text."""
        return sum(_unpacked(source.path) for source in self.sources("path"))

    def source(self, scratch: Path, progress: Progress) -> RowSource:
        """Return the rows as text, written as Parquet."""
        scratch.mkdir()
        sources = self.sources("path")
        telling = Telling(progress, [source.path for source in sources])
        written = []
        for number, source in enumerate(sources):
            sink = RowSink(scratch / f"{number:05}.parquet")
            with reading(source.path):
                self._write_rows(source.path, telling.of(source.path), sink)
            telling.finished(source.path)
            written.append(replace(source, path=sink.path))
        return open_source(written, places=[source.path for source in sources])

    def _write_rows(self, path: AnyFile, told: Told, sink: RowSink) -> None:
        dialect = self._dialect(path)
        names = _names(path, dialect)
        self._notes += _notes(path, dialect)

        def write(dialect: Dialect, footer: Sequence[str]) -> None:
            write_table(path, dialect, names, told, sink, footer)

        self._rows(path, dialect, write)

    def _rows(
        self,
        path: AnyFile,
        dialect: Dialect,
        read: Callable[[Dialect, Sequence[str]], Rows],
    ) -> Rows:
        """Read all rows as text, with the encoding of the whole file and without a footer."""
        import pyarrow as pa

        try:
            return self._above_footer(path, dialect, read)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error) or self.encoding is not None:
                raise reason(path, dialect, error) from None
        # The beginning was ASCII, and what comes later is not UTF-8.
        dialect = replace(dialect, encoding=later_encoding(path))
        try:
            return self._above_footer(path, dialect, read)
        except pa.ArrowInvalid as error:
            raise reason(path, dialect, error) from None

    def _above_footer(
        self,
        path: AnyFile,
        dialect: Dialect,
        read: Callable[[Dialect, Sequence[str]], Rows],
    ) -> Rows:
        import pyarrow as pa

        try:
            return read(dialect, ())
        except pa.ArrowInvalid as error:
            footer = [] if "UTF8" in str(error) else footer_lines(path, dialect)
            if not footer:
                raise
        rows = read(dialect, footer)
        self._notes.append(footer_note(path, footer))
        return rows

    def read(self, path: Path, progress: Progress = silent) -> pa.Table:
        """Read a file as it is, every column as text; see `mlfw.Dataset.read`."""
        return super(Csv, self.reader()).read(path, progress)

    def batches(self, path: Path, progress: Progress = silent) -> Iterator[pa.Table]:
        """Yield the rows of a large file in parts, every column as text; see `mlfw.Dataset`."""
        check_file(path, "")
        if _unpacked(path) < LEAST_BYTES_FOR_PARTS:
            yield from super().batches(path, progress)
        else:
            yield from self.reader().parts(path, Telling(progress, [path]).of(path))

    def parts(self, path: Path, told: Told) -> Iterator[pa.Table]:
        """Yield the rows of a file, 16 MiB of it at a time, every column as text."""
        import pyarrow as pa
        import pyarrow.csv as pv

        dialect = self._dialect(path)
        names = _names(path, dialect)
        self._notes += _notes(path, dialect)
        quoted = bool(dialect.quote) and holds(path, dialect.quote)
        options = reader_options(dialect, names, PARTS_BLOCK, quoted)
        with TextFile(path, dialect.encoding, told) as file:
            try:
                with pv.open_csv(file, **options) as reader:
                    for batch in reader:
                        yield pa.Table.from_batches([batch])
            except pa.ArrowException as error:
                raise file.failure or reason(path, dialect, error) from None
        time.sleep(LETTING_GO)

    def read_pieces(self, path: Path, progress: Progress = silent) -> Iterator[pa.Table] | None:
        """Return the rows of a large file piece by piece; see `mlfw.Dataset.read_pieces`."""
        reader = self.reader()
        check_file(path, "")
        if is_compressed(path) or path.stat().st_size < LEAST_BYTES_FOR_PIECES:
            return None
        dialect = reader._dialect(path)
        names = _names(path, dialect)
        if self.encoding is None:
            dialect = replace(dialect, encoding=encoding_to_the_end(path, dialect.encoding))
        self._notes += _notes(path, dialect)
        return read_pieces(path, dialect, names, Telling(progress, [path]).of(path))

    def _types(self, path: Path, dialect: Dialect, names: list[str]) -> dict[str, pa.DataType]:
        """Return types for the columns of a large file that stands alone, so far as it is clear."""
        import pyarrow as pa

        alone = not (self.validation or self.test or self.schema) and self._is_only(path)
        if not alone or path.stat().st_size < LEAST_BYTES_FOR_TYPES:
            return {}
        lines = beginning(path).decode(dialect.encoding, "ignore").removeprefix("\ufeff")
        content = BytesIO(lines.rpartition("\n")[0].encode("utf-8", "ignore"))
        try:
            first = parse(content, dialect, names, MOST_BLOCK, bool(dialect.quote))
        except pa.ArrowInvalid:
            return {}
        from mlfw_tabular.likely_types import likely_types

        # Numbers with dots between thousands, and those with words of one's own for a missing
        # value, are read as strings.
        return likely_types(
            first,
            but={*self.columns, *self.target},
            numbers=self.missing is None,
            thousands=dialect.delimiter == ";",
        )

    def _is_only(self, path: Path) -> bool:
        """Tell whether a file, or what it is a copy of, is the only one of the data set."""
        if not self.path or len(sources := self.sources("path")) > 1:
            return False
        with on_disk(sources) as (first,):
            return first.path == path

    def decimal_point(self) -> str:
        """Return `,` for a file with semicolons, as programs write it where commas are decimal."""
        sources = self.sources("path")
        return "," if self._dialect(sources[0].path).delimiter == ";" else ""

    def _dialect(self, path: AnyFile) -> Dialect:
        start = beginning(path)
        if not start:
            raise UserError(f"{path}: the file is empty.", "Check how it was made or copied.")
        check_what(path, start, "CSV")
        if self.encoding:
            check_encoding(path, self.encoding, start)
        encoding = self.encoding or find_encoding(start)
        text = start.decode(encoding, "replace").removeprefix("\ufeff")
        check_text(path, text, "CSV")
        if is_json_lines(start):
            raise UserError(f"{path}: line 1: is a JSON object.", "Type dataset=jsonl.")
        tabs = path.name.lower().removesuffix(".gz").endswith(".tsv")
        known = Known(
            delimiter=self._mark("delimiter") or ("\t" if tabs else None),
            quote=self.quote,
            escape=self._mark("escape") or "",
            header=self.header,
            skip=self.skip,
            wanted=self.wanted(),
        )
        dialect = find_dialect(text, known, encoding=encoding, whole=len(start) < LEAST_BLOCK)
        if dialect is None:
            raise UserError(
                f"{path}: no line is left after the first {self.skip or 'one'}.",
                "Correct dataset.skip, or leave it out.",
            )
        check_escapes(path, dialect, text)
        return dialect

    def names_hint(self) -> str:
        """Say how to name the line of the header, where the columns are not as expected."""
        return (
            "If another line holds the names, say how many lines stand above it: "
            f"{override('dataset.skip', 1)} {override('dataset.header', True)}"
        )

    def delimiter_hint(self, name: str, names: list[str]) -> str:
        """Say which character stands beside the name in the header; see `TableDataset`."""
        word = re.escape(name)
        found = (
            re.search(rf"(\W+){word}(?:\W|$)|^{word}(\W+)", names[0]) if len(names) == 1 else None
        )
        mark = (found[1] or found[2]).strip("\"'") if found else ""
        if len(mark) != 1:
            return ""
        hint = override("dataset.delimiter", "tab" if mark == "\t" else mark)
        return f"Where '{mark}' stands between values, type: {hint}"

    def write_into(self, file: BinaryIO, pieces: Iterable[pa.Table]) -> None:
        """Write CSV with a header line."""
        for number, table in enumerate(pieces):
            columns = table.to_pydict()
            out = StringIO()
            writer = csv.writer(out, lineterminator="\n")
            if not number:
                writer.writerow(columns)
            writer.writerows(zip(*(map(_cell, column) for column in columns.values()), strict=True))
            file.write(out.getvalue().encode())


def _unpacked(path: AnyFile) -> int:
    """Return about how many bytes of text a file holds."""
    return size_of(path) * (LIKELY_RATIO if is_compressed(path) else 1)


def _names(path: AnyFile, dialect: Dialect) -> list[str]:
    """Return the columns' names, made up by their place where they have none."""
    given = [name.strip() for name in dialect.names] or [""] * dialect.width
    if dialect.names and not any(given):
        raise header_error(path, dialect)
    names = [name or f"column_{number}" for number, name in enumerate(given, 1)]
    if dialect.lacking == "first" and ROW_NAME not in names:
        names[0] = ROW_NAME
    check_names(names, path, f"line {dialect.skip + 1}: ")
    return names


def _notes(path: AnyFile, dialect: Dialect) -> list[Finding]:
    """Return what a person should know of how the header was found."""
    notes = []
    if dialect.titles:
        lines = "line 1 is" if dialect.skip == 1 else f"lines 1 to {dialect.skip} are"
        first = textwrap.shorten(dialect.titles[0], SHOWN_TITLE, placeholder=" ...")
        notes.append(
            Finding(
                check="reading",
                message=f"{path.name}: {lines} no part of the table ('{first}').",
                remedy=f"Skipped. To read them type: {override('dataset.skip', 0)}",
                fixed=True,
            )
        )
    if dialect.lacking == "first":
        notes.append(
            Finding(
                check="reading",
                message=f"{path.name}: the header has {dialect.width - 1} names, the rows have "
                f"{dialect.width} values.",
                remedy="The first column is taken for row names.",
                column=ROW_NAME,
                fixed=True,
            )
        )
    return notes


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
