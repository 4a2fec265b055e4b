"""Arrow tables within JSON, for what a job returns beside numbers and words."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def pack(table: pa.Table) -> str:
    """Return a small table as text."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return b64encode(sink.getvalue()).decode("ascii")


def unpack(text: str) -> pa.Table:
    """Return what `pack` was given."""
    import pyarrow as pa

    return pa.ipc.open_stream(b64decode(text)).read_all()
