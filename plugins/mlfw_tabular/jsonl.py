"""The data set `jsonl`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlfw import UserError
from mlfw.files import finite
from mlfw_tabular.file_dataset import FileDataset

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(kw_only=True)
class JsonLines(FileDataset):
    """A file of JSON objects, one a line; a key left out is a missing value."""

    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")

    def parse(self, path: Path) -> pa.Table:
        """Read the file."""
        import pyarrow as pa
        import pyarrow.json as pj

        try:
            return pj.read_json(path)
        except pa.ArrowInvalid as error:
            text = str(error).splitlines()[0]
            raise UserError(
                f"{path}: not JSON objects, one a line: {text}.",
                'Each line looks like {"column": "value", ...}, each column of one type.',
            ) from None

    def format(self, table: pa.Table) -> bytes:
        """Return one JSON object a line."""
        lines = (
            json.dumps(finite(row), ensure_ascii=False, default=str) for row in table.to_pylist()
        )
        return "".join(f"{line}\n" for line in lines).encode()
