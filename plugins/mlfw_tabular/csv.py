"""The data set `csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlfw import UserError
from mlfw_tabular.file_dataset import FileDataset

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(kw_only=True)
class Csv(FileDataset):
    """A CSV file with a header line.

    Attributes:
        delimiter: What stands between two values.
        encoding: How characters are encoded.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".txt")

    delimiter: str = ","
    encoding: str = "utf-8"

    def check(self) -> None:
        """Check the delimiter and the encoding."""
        import codecs

        super().check()
        if len(self.delimiter) != 1:
            raise UserError(
                f"dataset.delimiter: expected one character, found {self.delimiter!r}.",
                "For tabs type: dataset.delimiter='\t'",
            )
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise UserError(
                f"dataset.encoding: '{self.encoding}' is not known.", "Try utf-8 or latin-1."
            ) from None

    def parse(self, path: Path) -> pa.Table:
        """Read every column as text: what it holds is inferred later, from all its values."""
        import pyarrow as pa
        import pyarrow.csv as pv

        delimiter = "\t" if path.suffix == ".tsv" and self.delimiter == "," else self.delimiter
        names = self._header(path, delimiter)
        try:
            return pv.read_csv(
                path,
                read_options=pv.ReadOptions(
                    column_names=names, skip_rows=1, encoding=self.encoding
                ),
                parse_options=pv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                convert_options=pv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except (pa.ArrowInvalid, UnicodeDecodeError, LookupError) as error:
            raise self._reason(path, error) from None

    def _header(self, path: Path, delimiter: str) -> list[str]:
        try:
            with path.open(encoding=self.encoding, newline="") as file:
                names = next(csv.reader(file, delimiter=delimiter), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise self._reason(path, error) from None
        names = [name.strip().removeprefix("\ufeff") for name in names]
        if not any(names):
            raise UserError(f"{path}: row 1: expected a header line with the columns' names.")
        return [name or f"column {number}" for number, name in enumerate(names, 1)]

    def _reason(self, path: Path, error: Exception) -> UserError:
        text = str(error).splitlines()[0]
        if isinstance(error, UnicodeDecodeError) or "UTF8" in text:
            return UserError(
                f"{path}: not encoded as {self.encoding}: {text}.",
                "Set dataset.encoding, for example dataset.encoding=latin-1.",
            )
        return UserError(
            f"{path}: not a CSV file with '{self.delimiter}' between values: "
            f"{self._ragged_line(path) or text}.",
            "Correct the line, or set dataset.delimiter.",
        )

    def _ragged_line(self, path: Path) -> str:
        """Find the first line with more or fewer values than the header, which Arrow keeps back."""
        with path.open(encoding=self.encoding, newline="", errors="replace") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            expected = len(next(reader, []))
            for row in reader:
                if row and len(row) != expected:
                    found = len(row)
                    return f"line {reader.line_num}: expected {expected} values, found {found}"
        return ""

    def format(self, table: pa.Table) -> bytes:
        """Return CSV with a header line."""
        columns = table.to_pydict()
        out = StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(map(_cell, column) for column in columns.values()), strict=True))
        return out.getvalue().encode()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
