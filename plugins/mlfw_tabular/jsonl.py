"""The data set `jsonl`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from mlfw import UserError
from mlfw.files import finite
from mlfw_tabular.encoding import find_encoding
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.mixed_lines import FORM, LARGE, UniformLines, mixed_notes, nested_columns, survey
from mlfw_tabular.reading import nested_error
from mlfw_tabular.text_file import TextFile, Told, beginning, encoding_error
from mlfw_tabular.what import check_text, check_what

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_BLOCK, MOST_BLOCK = 1 << 20, 1 << 30


@dataclass(kw_only=True)
class JsonLines(FileDataset):
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
            merged = any(map(_may_be_merged, table.columns))
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
        import pyarrow as pa

        types = survey(path, encoding)
        nested = nested_columns(types, self.drop)
        if self.path and nested:
            raise nested_error(str(path), nested[0])
        notes = [(name, note) for name, note in mixed_notes(path, types) if name not in self.drop]
        self._notes += [note for name, note in notes if name in (self._expected or types)]
        try:
            return _read(lambda: UniformLines(path, encoding, types, told))
        except pa.ArrowException as error:
            text = str(error).splitlines()[0]
            raise UserError(f"{path}: not JSON objects, one a line: {text}.", FORM) from None

    def write_into(self, file: BinaryIO, pieces: Iterable[pa.Table]) -> None:
        """Write one JSON object a line."""
        for table in pieces:
            for row in table.to_pylist():
                line = json.dumps(finite(row), ensure_ascii=False, default=str)
                file.write(f"{line}\n".encode())


def _checked_encoding(path: Path) -> str:
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


def _may_be_merged(column: pa.ChunkedArray) -> bool:
    """Whether Arrow may have made fractions of whole numbers that are too large for its types."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return False
    return bool(pc.any(pc.greater_equal(pc.abs(column), float(LARGE))).as_py())


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
