"""A column in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def whole(values: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece; one that is so already is not copied, as Arrow would.

    Runs of one value are written out.
    """
    import pyarrow as pa

    if pa.types.is_run_end_encoded(values.type):
        import pyarrow.compute as pc

        values = pc.run_end_decode(values)
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
