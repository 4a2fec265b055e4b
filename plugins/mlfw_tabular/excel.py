"""The data set `excel`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import mlfw
from mlfw import Dataset, Finding, UserError
from mlfw.errors import did_you_mean, listing
from mlfw.hints import override
from mlfw_tabular.cells import to_column, to_text
from mlfw_tabular.file_dataset import FileDataset
from mlfw_tabular.header import find_header
from mlfw_tabular.memory import memory_bytes
from mlfw_tabular.mixed_values import AS_TEXT
from mlfw_tabular.reading import check_names
from mlfw_tabular.text_file import Told

if TYPE_CHECKING:
    import pyarrow as pa

OLD_WORKBOOK, ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
LOOKED_AT = 200
LARGEST_SHARE = 0.5
CONVERT = "Save it as CSV in the spreadsheet program, or copy it again."


@dataclass(kw_only=True)
class Excel(FileDataset):
    """A sheet of an Excel workbook, or of several; cells keep their types.

    Workbooks of LibreOffice (.ods) are read too. A row of names is found as in a CSV file: below
    titles and blank rows, where there are any. Of formulas, the values are read that were saved
    with them; their errors, such as #N/A, are missing.

    Attributes:
        sheet: The sheet's name, or its number from 1; the first one when left out.
        header: Whether the first row names the columns; found out when left out.
        skip: How many rows stand above the header and are no part of the table; found out when
            left out.
    """

    packages: ClassVar[tuple[str, ...]] = ("python_calamine",)
    extra: ClassVar[str] = "excel"
    suffixes: ClassVar[tuple[str, ...]] = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

    sheet: str = ""
    header: bool | None = None
    skip: int | None = field(default=None, metadata=mlfw.limits(minimum=0))

    def writes(self, path: Path) -> bool:  # noqa: ARG002
        """Tell that workbooks are read only."""
        return False

    write = Dataset.write

    def write_into(self, file: BinaryIO, pieces: Iterable[pa.Table]) -> None:
        """Refuse: workbooks are read only."""
        raise NotImplementedError(f"no workbook is written: {file}, {pieces}")

    def parse(self, path: Path, told: Told) -> pa.Table:
        """Read the sheet."""
        _check_content(path)
        with _as_user_error(path):
            rows = self._cells(path)
        told(path.stat().st_size)
        return self._table(path, rows)

    def _cells(self, path: Path) -> list[list[Any]]:
        try:
            import python_calamine
        except ModuleNotFoundError:
            raise UserError(
                f"{path}: to read a workbook, the package 'python-calamine' is needed.",
                "Type: pip install 'mlfw[excel]'",
            ) from None
        with python_calamine.CalamineWorkbook.from_path(path) as workbook:
            name = self._sheet(path, workbook.sheet_names)
            return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)

    def _sheet(self, path: Path, names: list[str]) -> str:
        """Return the name of the sheet that is asked for."""
        if not names:
            raise UserError(f"{path}: has no sheets.", CONVERT)
        if not self.sheet:
            if len(names) > 1:
                other = override("dataset.sheet", names[1])
                self._notes.append(
                    Finding(
                        check="reading",
                        message=f"{path.name}: the sheet '{names[0]}' was read, of "
                        f"{listing(names)}.",
                        remedy=f"For another one type: {other}",
                    )
                )
            return names[0]
        if self.sheet in names:
            return self.sheet
        if self.sheet.isdecimal() and 1 <= int(self.sheet) <= len(names):
            return names[int(self.sheet) - 1]
        raise UserError(
            f"dataset.sheet: {path} has no sheet '{self.sheet}'; it has {listing(names)}.",
            did_you_mean(self.sheet, names, listed=True),
        )

    def _table(self, path: Path, cells: list[list[Any]]) -> pa.Table:
        import pyarrow as pa

        rows = [(i, row) for i, row in enumerate(cells, 1) if any(v not in ("", None) for v in row)]
        rows = [(i, row) for i, row in rows if i > (self.skip or 0)]
        if not rows:
            raise UserError(
                f"{path}: the sheet is empty.",
                f"Name another one: {override('dataset.sheet', '2')}, or correct dataset.skip.",
            )
        found = find_header(
            [[to_text(value) for value in row] for _, row in rows[:LOOKED_AT]],
            wanted=self.wanted(),
            header=self.header,
            titles=self.skip is None,
        )
        first, top = rows[found.index]
        if found.index:
            self._notes.append(_titles_note(path, first, rows[0][1]))
        below = [row for _, row in rows[found.index + bool(found.names) :]]
        used = [
            k for k in range(len(top)) if any(row[k] not in ("", None) for row in (top, *below))
        ]
        given = found.names or ("",) * len(top)
        names = [given[k].strip() or f"column_{number}" for number, k in enumerate(used, 1)]
        check_names(names, path, f"row {first}: ")
        columns = {}
        for name, k in zip(names, used, strict=True):
            columns[name], types = to_column([row[k] for row in below])
            if types and name not in self.drop and name in (self._expected or names):
                self._notes.append(_mixed_note(path, name, types))
        return pa.table(columns)


def _titles_note(path: Path, first: int, title: list[Any]) -> Finding:
    shown = next(to_text(value) for value in title if value not in ("", None))
    return Finding(
        check="reading",
        message=f"{path.name}: the rows above row {first} are no part of the table ('{shown}').",
        remedy=f"Skipped. To read them type: {override('dataset.skip', 0)}",
        fixed=True,
    )


def _mixed_note(path: Path, name: str, types: list[str]) -> Finding:
    return Finding(
        check="reading",
        message=f"{path.name}: cells of several types: {listing(types)}.",
        remedy=AS_TEXT,
        column=name,
        fixed=True,
    )


def _check_content(path: Path) -> None:
    """Check that a file is a workbook that can be opened and fits into memory.

    Raises:
        UserError: It is encrypted, damaged, something else, or too large.
    """
    with path.open("rb") as file:
        start = file.read(1 << 16)
    if start.startswith(OLD_WORKBOOK):
        if ENCRYPTED in path.read_bytes():
            raise UserError(
                f"{path}: the workbook is protected by a password.",
                "Save it without one in the spreadsheet program.",
            )
        return
    if not start.startswith(ZIP):
        raise UserError(f"{path}: is no Excel workbook, whatever its name says.", CONVERT)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(each.file_size for each in archive.infolist())
    except zipfile.BadZipFile:
        raise UserError(f"{path}: the workbook is cut short or damaged.", CONVERT) from None
    if size > memory_bytes() * LARGEST_SHARE:
        raise UserError(f"{path}: unpacks to {size / 1e9:.1f} GB, too much for memory.", CONVERT)


@contextmanager
def _as_user_error(path: Path) -> Iterator[None]:
    """Raise what the reader says of a damaged workbook as a `UserError`."""
    try:
        yield
    except (UserError, MemoryError, OSError):
        raise
    except Exception as error:  # the reader has no one base of its errors
        if type(error).__name__ == "PasswordError":
            problem = "the workbook is protected by a password"
        else:
            problem = f"the workbook is damaged: {str(error).splitlines()[0] if str(error) else ''}"
        raise UserError(f"{path}: {problem.rstrip(': .')}.", CONVERT) from None
