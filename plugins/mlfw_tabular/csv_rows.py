"""The rows of a CSV file whose dialect is known, read by Arrow: at once, or piece by piece."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mlfw import UserError
from mlfw.remote import AnyFile
from mlfw.schema.words import MISSING_WORDS
from mlfw_tabular.csv_errors import (
    check_header_again,
    check_paired,
    check_quotes,
    ends_in_lines,
    quotes_lines,
)
from mlfw_tabular.csv_footer import skipped_rows
from mlfw_tabular.dialect import Dialect
from mlfw_tabular.row_sink import RowSink
from mlfw_tabular.text_file import TextFile, Told, holds

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_BLOCK, MOST_BLOCK = 1 << 20, 1 << 30
PIECE_BYTES, WRITE_BLOCK = 2 << 20, 4 << 20
ROWS_PER_BLOCK = 500
LETTING_GO = 0.01
ALL_STRINGS: Mapping[str, pa.DataType] = MappingProxyType({})


def read_table(
    path: AnyFile,
    dialect: Dialect,
    names: list[str],
    told: Told,
    types: Mapping[str, pa.DataType] = ALL_STRINGS,
    footer: Sequence[str] = (),
) -> pa.Table:
    """Return all rows of a file.

    Args:
        path: The file.
        dialect: How it is written.
        names: The columns' names.
        told: Told how many bytes are read.
        types: The types of columns that are not to be read as strings.
        footer: The lines below the table; passed over.

    Raises:
        UserError: A row is the header again, or a quote is not closed.
        pa.ArrowInvalid: A row has too few values or too many, is not text or is too long.
    """
    import pyarrow as pa

    block = _block_size(dialect, LEAST_BLOCK)
    quoted = bool(dialect.quote) and holds(path, dialect.quote)
    while True:
        try:
            with TextFile(path, dialect.encoding, told) as file:
                table = parse(file, dialect, names, block, quoted, types, footer)
            break
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error):
                raise
            if file.lines <= dialect.names_end:  # a header without an end of line is no row
                return pa.table(
                    {name: pa.array([], types.get(name, pa.string())) for name in names}
                )
            # A row that is longer than a block.
            if block >= MOST_BLOCK:
                raise
            block = min(block * 16, MOST_BLOCK)
    # Arrow's threads let go of a Python file a moment after it is read; a process that ended
    # before that would be aborted.
    time.sleep(LETTING_GO)
    if quoted and table.num_rows and file.lines > table.num_rows + dialect.names_end:
        check_quotes(path, dialect, table)
    check_header_again(path, dialect, table)
    return table


def read_pieces(
    path: AnyFile, dialect: Dialect, names: list[str], told: Told
) -> Iterator[pa.Table]:
    """Yield the rows of a file in pieces, every column as text; see `read_table`.

    Raises:
        UserError: It is not read so: there is a mistake, or a row is very long.
    """
    import pyarrow as pa

    quoted = bool(dialect.quote) and holds(path, dialect.quote)
    rows, suspicious, in_lines = 0, False, False
    try:
        with TextFile(path, dialect.encoding, told) as file:
            for piece in _tables(file, dialect, names, quoted, _block_size(dialect, PIECE_BYTES)):
                check_header_again(path, dialect, piece)
                if quoted:
                    suspicious = suspicious or quotes_lines(piece, dialect.quote)
                    in_lines = ends_in_lines(piece)
                rows += piece.num_rows
                yield piece
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read in pieces: {error}.") from None
    finally:
        time.sleep(LETTING_GO)  # see `read_table`
    if (suspicious or in_lines) and file.lines > rows + dialect.names_end:
        check_paired(path, dialect)


def write_table(
    path: AnyFile,
    dialect: Dialect,
    names: list[str],
    told: Told,
    sink: RowSink,
    footer: Sequence[str] = (),
) -> None:
    """Write all rows of a file to Parquet, in bounded memory, every column as text.

    Args:
        path: The file.
        dialect: How it is written.
        names: The columns' names.
        told: Told how many bytes are read.
        sink: Takes the rows.
        footer: The lines below the table; passed over.

    Raises:
        UserError: As `read_table`.
        pa.ArrowInvalid: As `read_table`.
    """
    import pyarrow as pa

    quoted = bool(dialect.quote) and holds(path, dialect.quote)
    block, rows, suspicious, in_lines = _block_size(dialect, WRITE_BLOCK), 0, False, False
    while True:
        sink.begin(dialect.row_bytes)
        rows, suspicious, in_lines = 0, False, False
        try:
            with TextFile(path, dialect.encoding, told) as file:
                for piece in _tables(file, dialect, names, quoted, block, footer):
                    check_header_again(path, dialect, piece, rows)
                    if quoted:
                        suspicious = suspicious or quotes_lines(piece, dialect.quote)
                        in_lines = ends_in_lines(piece)
                    rows += piece.num_rows
                    sink.write(piece)
            break
        except pa.ArrowInvalid as error:
            if file.failure:
                raise file.failure from None
            if "straddling" not in str(error):
                raise
            if file.lines <= dialect.names_end:  # a header without an end of line is no row
                break
            if block >= MOST_BLOCK:
                raise
            block = min(block * 16, MOST_BLOCK)
        finally:
            time.sleep(LETTING_GO)  # see `read_table`
    if not rows:
        sink.write(pa.table({name: pa.array([], pa.string()) for name in names}))
    sink.end()
    if (suspicious or in_lines) and file.lines > rows + dialect.names_end:
        check_paired(path, dialect)


def _tables(
    file: TextFile,
    dialect: Dialect,
    names: list[str],
    quoted: bool,
    block: int,
    footer: Sequence[str] = (),
) -> Iterator[pa.Table]:
    import pyarrow as pa
    import pyarrow.csv as pv

    reader = pv.open_csv(file, **reader_options(dialect, names, block, quoted, footer=footer))
    for batch in reader:
        if batch.num_rows:
            yield pa.Table.from_batches([batch])


def parse(
    file: TextFile | BytesIO,
    dialect: Dialect,
    names: list[str],
    block: int,
    quoted: bool,
    types: Mapping[str, pa.DataType] = ALL_STRINGS,
    footer: Sequence[str] = (),
) -> pa.Table:
    """Return the rows of an open file.

    Args:
        file: The file, in UTF-8.
        dialect: How it is written.
        names: The columns' names.
        block: How many bytes are read at a time; no row is longer.
        quoted: Whether there is a quote in it.
        types: See `read_table`.
        footer: See `read_table`.

    Raises:
        UserError: The file cannot be read.
        pa.ArrowInvalid: See `read_table`.
    """
    import pyarrow as pa
    import pyarrow.csv as pv

    try:
        return pv.read_csv(file, **reader_options(dialect, names, block, quoted, types, footer))
    except pa.ArrowException:
        if isinstance(file, TextFile) and file.failure:
            raise file.failure from None
        raise


def _block_size(dialect: Dialect, least: int) -> int:
    return min(max(least, dialect.row_bytes * ROWS_PER_BLOCK), MOST_BLOCK >> 4)


def reader_options(
    dialect: Dialect,
    names: list[str],
    block: int,
    quoted: bool,
    types: Mapping[str, pa.DataType] = ALL_STRINGS,
    footer: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the arguments of Arrow's readers; see `parse`."""
    import pyarrow as pa
    import pyarrow.csv as pv

    return {
        "read_options": pv.ReadOptions(
            column_names=names,
            skip_rows=dialect.before_table,
            skip_rows_after_names=int(bool(dialect.names) and not dialect.lacking),
            block_size=block,
        ),
        "parse_options": pv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote if quoted else False,
            escape_char=dialect.escape or False,
            newlines_in_values=quoted,
            invalid_row_handler=skipped_rows(footer) if footer else None,
        ),
        "convert_options": pv.ConvertOptions(
            column_types={name: types.get(name, pa.string()) for name in names},
            null_values=MISSING_WORDS,
            strings_can_be_null=False,
        ),
    }
