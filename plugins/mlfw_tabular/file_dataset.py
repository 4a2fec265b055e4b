"""The base of data sets that are one file."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import mlfw
from mlfw import UserError
from mlfw.components.dataset import Progress, silent
from mlfw.errors import did_you_mean
from mlfw.files import sha256, write_bytes
from mlfw_tabular.table_dataset import TableDataset

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(kw_only=True)
class FileDataset(TableDataset):
    """A data set that is one file.

    Attributes:
        path: The file.
    """

    path: str = field(default="", metadata=mlfw.path_field())

    @abstractmethod
    def parse(self, path: Path) -> pa.Table:
        """Read a file that exists and is not empty.

        Raises:
            UserError: It is not of the format.
        """

    @abstractmethod
    def format(self, table: pa.Table) -> bytes:
        """Return a table as the content of a file."""

    def place(self) -> str:
        """Return the file's path."""
        return self.path

    def table(self, progress: Progress = silent) -> pa.Table:  # noqa: ARG002
        """Read the file."""
        return self.read(self._file())

    def fingerprint(self) -> str:
        """Return a checksum of the file's content."""
        path = self._file()
        _check_file(path, "dataset.path")
        return sha256(path)

    def _file(self) -> Path:
        if not self.path:
            raise UserError("dataset.path: not set.", "Type for example: dataset.path=FILE.csv")
        return Path(self.path)

    def read(self, path: Path) -> pa.Table:
        """Read a file as it is; see `mlfw.Dataset.read`."""
        _check_file(path, "")
        table = self.parse(path)
        names = table.column_names
        for name in names:
            if names.count(name) > 1:
                raise UserError(
                    f"{path}: the column '{name}' stands there twice.", "Rename one of them."
                )
        return table

    def write(self, table: pa.Table, path: Path) -> None:
        """Write a file, whole or not at all."""
        try:
            write_bytes(path, self.format(table))
        except OSError as error:
            raise UserError(f"{path}: cannot be written: {error.strerror}.") from None


def _check_file(path: Path, key: str) -> None:
    """Check that a file is there and holds something.

    Raises:
        UserError: It is not there, is a folder, is empty, or may not be read.
    """
    place = f"{key}: {path}" if key else str(path)
    try:
        if path.is_dir():
            raise UserError(f"{place}: is a folder, expected a file.")
        if not path.exists():
            beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
            hint = did_you_mean(path.name, beside) if beside else ""
            raise UserError(
                f"{place}: no such file.",
                hint if hint.startswith("Did") else "Check the path.",
            )
        if path.stat().st_size == 0:
            raise UserError(f"{place}: the file is empty.")
        path.open("rb").close()
    except OSError as error:
        raise UserError(f"{place}: cannot be read: {error.strerror}.") from None
