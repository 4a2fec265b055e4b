"""Parquet files as one Arrow data set, which reads them batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw_tabular.reading import check_alike
from mlfw_tabular.sources import Source

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds


@contextmanager
def as_user_error(path: Path) -> Iterator[None]:
    """Raise what Arrow says of a damaged Parquet file as a `UserError`."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        text = str(error).splitlines()[0]
        raise UserError(
            f"{path}: not a whole Parquet file: {text}",
            "Copy or download it again, or check that it is Parquet: `file FILE`.",
        ) from None


def open_source(sources: list[Source]) -> ds.Dataset:
    """Return files, one or more, as one data set with the columns of the first.

    Raises:
        UserError: A file is damaged, or has other columns.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    from pyarrow.fs import LocalFileSystem

    schemas = [_schema(source) for source in sources]
    for source, schema in zip(sources, schemas, strict=True):
        check_alike(schema.names, source.path, schemas[0].names, sources[0].path)
    try:
        whole = pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise UserError(
            f"{sources[0].path}: its columns' types differ from those of other files: "
            f"{str(error).splitlines()[0]}",
            "Give each column one type in all files.",
        ) from None
    return ds.FileSystemDataset.from_paths(
        [str(source.path) for source in sources],
        schema=whole,
        format=ds.ParquetFileFormat(),
        filesystem=LocalFileSystem(),
        partitions=[
            _parts(source, set(schema.names) - source.parts.keys())
            for source, schema in zip(sources, schemas, strict=True)
        ],
    )


def _schema(source: Source) -> pa.Schema:
    """Return a file's columns, those of its folders' names included."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with as_user_error(source.path):
        schema = pq.read_schema(source.path).remove_metadata()
    for name in source.parts:
        if name not in schema.names:
            schema = schema.append(pa.field(name, pa.string()))
    return schema


def _parts(source: Source, in_file: set[str]) -> ds.Expression:
    import pyarrow.compute as pc

    terms = [
        pc.field(name).is_null() if value is None else pc.field(name) == value
        for name, value in source.parts.items()
        if name not in in_file
    ]
    return reduce(and_, terms, pc.scalar(True))
