"""The data set `jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlfw import UserError
from mlfw.files import finite
from mlfw_tabular.encoding import find_encoding
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.text_file import TextFile, Told, beginning, encoding_error
from mlfw_tabular.what import check_text, check_what

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_BLOCK, MOST_BLOCK = 1 << 20, 1 << 30
FORM = 'Each line looks like {"column": "value", ...}, each column of one type.'
TYPES = {bool: "true or false", int: "a number", float: "a number", str: "text"}


@dataclass(kw_only=True)
class JsonLines(FileDataset):
    """A file of JSON objects, one a line, or several; a key left out is a missing value.

    A file whose name ends in `.gz` is unpacked.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")

    def parse(self, path: Path, told: Told) -> pa.Table:
        """Read the file."""
        import pyarrow as pa

        encoding = _checked_encoding(path)
        try:
            table = _read(path, encoding, told)
        except pa.ArrowException as error:
            text = str(error).splitlines()[0]
            raise _bad_line(path, encoding) or UserError(
                f"{path}: not JSON objects, one a line: {text}.", FORM
            ) from None
        try:
            table.validate(full=True)
        except pa.ArrowInvalid:
            raise encoding_error(path, encoding) from None
        return table

    def format(self, table: pa.Table) -> bytes:
        """Return one JSON object a line."""
        lines = (
            json.dumps(finite(row), ensure_ascii=False, default=str) for row in table.to_pylist()
        )
        return "".join(f"{line}\n" for line in lines).encode()


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


def _read(path: Path, encoding: str, told: Told) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    block = LEAST_BLOCK
    while True:
        with TextFile(path, encoding, told) as file:
            try:
                return pj.read_json(file, read_options=pj.ReadOptions(block_size=block))
            except pa.ArrowException as error:
                if file.failure:
                    raise file.failure from None
                # A line that is longer than a block.
                if "straddling" not in str(error) or block >= MOST_BLOCK:
                    raise
        block *= 16


def _bad_line(path: Path, encoding: str) -> UserError | None:
    """Find the first line that is no JSON object, or whose values are of other types."""
    seen: dict[str, tuple[str, int]] = {}
    for number, line in _lines(path, encoding):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            text = getattr(error, "msg", "nested too deep")
            return UserError(f"{path}: line {number}: not JSON: {text}: {line.strip()[:40]}", FORM)
        if not isinstance(row, dict):
            return UserError(
                f"{path}: line {number}: expected a JSON object, found {line.strip()[:40]}", FORM
            )
        for name, value in row.items():
            what = TYPES.get(type(value), "nested values")
            expected, first = (
                seen.setdefault(name, (what, number)) if value is not None else (what, 0)
            )
            if what != expected:
                return UserError(
                    f"{path}: line {number}: column '{name}': expected {expected} as in line "
                    f"{first}, found {what}: {json.dumps(value)[:40]}.",
                    FORM,
                )
    return None


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, with their numbers."""
    rest, number = b"", 0
    with TextFile(path, encoding) as file:
        while piece := file.read(LEAST_BLOCK):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                number += 1
                if line.strip():
                    yield number, line.decode("utf-8", "replace")
    if rest.strip():
        yield number + 1, rest.decode("utf-8", "replace")
