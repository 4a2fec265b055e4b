"""From the body of a request in CSV or Parquet to a table, and from a table to such a body."""

from __future__ import annotations

import io
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import Schema, UserError
from mlfw.pipeline.row_files import read_rows
from mlfw.plugins import load_plugins
from mlfw_service.reading.refusal import Refusal

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = b",;\t|"
UNPACKED = 20  # a Parquet file may unpack to so many times the largest body


class TableFormat(StrEnum):
    """A format of tables, by its media type."""

    csv = "text/csv"
    parquet = "application/vnd.apache.parquet"


FORMATS = {
    **{each.value: each for each in TableFormat},
    "application/csv": TableFormat.csv,
    "application/parquet": TableFormat.parquet,
    "application/x-parquet": TableFormat.parquet,
}


def request_format(kind: str) -> TableFormat:
    """Return the format of a body.

    Args:
        kind: Its content type.

    Raises:
        Refusal: It is neither CSV nor Parquet.
    """
    if kind in FORMATS:
        return FORMATS[kind]
    expected = " or ".join(each.value for each in TableFormat)
    raise Refusal(415, f"expected a body of Content-Type {expected}, found {kind}")


def answer_format(accepted: str, given: TableFormat) -> TableFormat:
    """Return the format of an answer: the first one that the client names, or that of the body.

    Args:
        accepted: The header `Accept`, empty where there is none.
        given: The format of the body.

    Raises:
        Refusal: The client accepts neither CSV nor Parquet.
    """
    kinds = [part.split(";")[0].strip().lower() for part in accepted.split(",") if part.strip()]
    for kind in kinds:
        if kind in FORMATS:
            return FORMATS[kind]
        if kind in ("*/*", f"{given.value.partition('/')[0]}/*"):
            return given
    if not kinds:
        return given
    expected = " or ".join(each.value for each in TableFormat)
    raise Refusal(406, f"expected Accept to name {expected}, found {accepted[:80]}")


def read_table(
    body: bytes, kind: TableFormat, schema: Schema, *, max_rows: int, max_keys: int, max_body: int
) -> pa.Table:
    """Return the rows of a body, as `mlfw predict` reads a file.

    Args:
        body: The body.
        kind: Its format.
        schema: The model's schema.
        max_rows: Most rows.
        max_keys: Most columns.
        max_body: Most bytes of a body.

    Raises:
        Refusal: It is damaged, or holds too much.
    """
    if kind is TableFormat.csv:
        first = body.lstrip()[:1_000_000].partition(b"\n")[0]
        if max(first.count(bytes([mark])) for mark in DELIMITERS) >= max_keys:
            raise Refusal(413, f"expected at most {max_keys} columns")
    else:
        _check_parquet(body, max_rows=max_rows, max_keys=max_keys, most=UNPACKED * max_body)
    with tempfile.TemporaryDirectory(prefix="mlfw-batch-") as folder:
        path = Path(folder) / f"body.{kind.name}"
        path.write_bytes(body)
        try:
            table = read_rows(path, load_plugins().registry, names=schema.all_names)
        except UserError as error:
            raise Refusal(422, error.problem.replace(str(path), "the body")) from None
    if table.num_rows > max_rows:
        raise Refusal(413, f"expected at most {max_rows} rows, found {table.num_rows}")
    return table


def _check_parquet(body: bytes, *, max_rows: int, max_keys: int, most: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.ParquetFile(io.BytesIO(body)).metadata
    except (pa.ArrowException, OSError) as error:
        raise Refusal(422, f"the body is no Parquet file: {str(error)[:80]}") from None
    if found.num_rows > max_rows:
        raise Refusal(413, f"expected at most {max_rows} rows, found {found.num_rows}")
    if found.num_columns > max_keys:
        raise Refusal(413, f"expected at most {max_keys} columns")
    unpacked = sum(found.row_group(i).total_byte_size for i in range(found.num_row_groups))
    if unpacked > most:
        raise Refusal(413, f"expected at most {most} bytes once it is unpacked")


def table_body(table: pa.Table, kind: TableFormat) -> bytes:
    """Return a table as a body.

    Args:
        table: The table; for CSV without lists.
        kind: The format.
    """
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    if kind is TableFormat.csv:
        pa_csv.write_csv(table, sink)
    else:
        pq.write_table(table, sink)
    return sink.getvalue()
