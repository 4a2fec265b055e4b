"""JSON lines block by block, in bounded memory, with one type for each column of all blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mlfw_tabular.mixed_lines import LARGE, UniformLines
from mlfw_tabular.text_file import TextFile

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 8 << 20

Opened = Callable[[], TextFile | UniformLines]


class MixedTypesError(Exception):
    """Values of a column are of several types, or too large for the type they are given."""


def tables(opened: Opened, schema: pa.Schema | None = None) -> Iterator[pa.Table]:
    """Yield the rows of a file in order, a block of whole lines at a time.

    Args:
        opened: Opens the file.
        schema: The columns' types; found in each block by itself when left out.

    Raises:
        pa.ArrowException: A line is no JSON object, or a column holds values of several types.
    """
    import pyarrow as pa
    import pyarrow.json as pj

    for block in _blocks(opened):
        yield pj.read_json(
            pa.BufferReader(block),
            read_options=pj.ReadOptions(block_size=len(block) + 1),
            parse_options=pj.ParseOptions(explicit_schema=schema),
        )


def _blocks(opened: Opened) -> Iterator[bytes]:
    rest: list[bytes] = []
    with opened() as file:
        while piece := file.read(BLOCK):
            head, newline, tail = piece.rpartition(b"\n")
            if newline:
                block = b"".join([*rest, head, newline])
                rest = []
                if block.strip():
                    yield block
            rest.append(tail)
    block = b"".join(rest)
    if block.strip():
        yield block


def find_schema(opened: Opened, check: Callable[[pa.Table], None]) -> pa.Schema:
    """Return the columns of a file with the types that all their values fit.

    They are those that Arrow gives the columns of the whole file.

    Args:
        opened: Opens the file.
        check: Is given the rows block by block.

    Raises:
        pa.ArrowException: A line is no JSON object.
        MixedTypesError: No type fits all values of a column.
    """
    import pyarrow as pa

    found: dict[str, pa.DataType] = {}
    for table in tables(opened):
        check(table)
        if any(map(may_be_merged, table.columns)):
            raise MixedTypesError
        for field in table.schema:
            found[field.name] = _joint(found.get(field.name, field.type), field.type)
    return pa.schema(list(found.items()))


def may_be_merged(column: pa.ChunkedArray) -> bool:
    """Whether Arrow may have made fractions of whole numbers that are too large for its types."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return False
    return bool(pc.any(pc.greater_equal(pc.abs(column), float(LARGE))).as_py())


def _joint(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """Return the type of what is of one type in one block and of another one in the next."""
    import pyarrow as pa

    types = pa.types
    if first == second or types.is_null(second):
        return first
    if types.is_null(first):
        return second
    both = (first, second)
    if {*both} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if all(map(types.is_timestamp, both)):
        return pa.timestamp("ns")
    if all(types.is_timestamp(each) or types.is_string(each) for each in both):
        return pa.string()
    if all(map(types.is_list, both)):
        return pa.list_(_joint(first.value_type, second.value_type))
    if all(map(types.is_struct, both)):
        fields = {field.name: field.type for field in first}
        for field in second:
            fields[field.name] = _joint(fields.get(field.name, field.type), field.type)
        return pa.struct(list(fields.items()))
    raise MixedTypesError
