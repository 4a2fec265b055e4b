"""The data set `images`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import Finding, Kind, LoadContext, RowSplits, Splits, UserError
from mlfw.components.dataset import Progress, silent
from mlfw.errors import listing
from mlfw.files import digest
from mlfw_images.folders import (
    IMAGE_SUFFIXES,
    LABEL,
    endings,
    folder_rows,
    labelled_folder,
    parts_of,
)
from mlfw_images.rows import ImageRows
from mlfw_images.tables import is_table, table_rows
from mlfw_tabular import TableDataset

if TYPE_CHECKING:
    import pyarrow as pa

IMAGE = "image"
MOST_SHOWN = 5


class Unreadable(Enum):
    """What is done about image files that are missing, damaged or too large."""

    fail = "fail"
    skip = "skip"


@dataclass(kw_only=True)
class ImagesDataset(TableDataset):
    """Images: a folder with one sub-folder a class, or a table with a column of paths.

    In a folder the sub-folders' names are the classes, in the target `label`; where the
    sub-folders are named train, validation and test, the classes lie in these. A table (CSV,
    Parquet or JSON lines) may have further columns, and any target.

    Attributes:
        path: The folder or the table. In a table, paths count from the table's folder.
        image: The column of images; in a table the one that holds the paths.
        unreadable: What is done about files that are missing, no image, or too large: fail, or
            skip their rows.
    """

    packages: ClassVar[tuple[str, ...]] = ("PIL",)
    extra: ClassVar[str] = "images"
    suffixes: ClassVar[tuple[str, ...]] = IMAGE_SUFFIXES

    path: str = field(default="", metadata=mlfw.path_field())
    image: str = IMAGE
    unreadable: Unreadable = Unreadable.fail

    def __post_init__(self) -> None:
        """Begin with no file left out; these are no fields, as they are no configuration."""
        self._skipped: list[str] = []
        self._passed: list[str] = []

    def place(self) -> str:
        """Return the path."""
        return self.path

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows and their schema; see `mlfw.Dataset.load`."""
        columns = {**self.columns, self.image: Kind.image}
        target = self.target
        if not is_table(self._path()):
            # A class named 007 or 1 is a name all the same.
            target = target or [LABEL]
            columns.setdefault(LABEL, Kind.category)
        chosen = replace(self, target=target, columns=columns)
        splits = super(ImagesDataset, chosen).load(context)
        assert isinstance(splits, Splits)
        return splits.replace(findings=(*splits.findings, *chosen._findings()))

    def table(self, progress: Progress = silent) -> pa.Table:
        """Return all rows, or those to learn from where others are kept apart.

        The column of images holds the content of their files.
        """
        return self._checked(self._rows(), progress)

    def given(self, progress: Progress = silent) -> dict[str, pa.Table]:
        """Return the rows of the folders `validation` and `test`, where there are such."""
        path = self._path()
        folders = {} if is_table(path) else parts_of(path)
        return {
            part: self._checked(labelled_folder(folder), progress)
            for part, folder in folders.items()
            if part != "train"
        }

    def _rows(self) -> ImageRows:
        path = self._path()
        if is_table(path):
            return table_rows(path, self.image)
        return labelled_folder(parts_of(path).get("train", path))

    def _path(self) -> Path:
        if not self.path:
            raise UserError(
                "dataset.path: not set.",
                "Type for example: dataset.path=FOLDER, with one sub-folder a class",
            )
        path = Path(self.path)
        if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises for a long name
            raise UserError(f"dataset.path: {path}: no such folder or table.", "Check the path.")
        if not (path.is_file() or path.is_dir()):
            raise UserError(
                f"dataset.path: {path}: is a pipe or a device, expected a folder of images.",
                "Check the path.",
            )
        if path.is_file() and not is_table(path):
            raise UserError(
                f"dataset.path: {path}: expected a folder of images, or a table of paths "
                "(.csv, .parquet or .jsonl)."
            )
        return path

    def _checked(self, rows: ImageRows, progress: Progress, *, chosen: bool = True) -> pa.Table:
        """Read the images; keep those that can be read, or say which cannot."""
        self._passed += rows.passed
        contents, faults = rows.read(progress)
        if faults and (self.unreadable is Unreadable.fail or len(faults) == len(rows.files)):
            named = [f"{rows.names[row]}: {reason}" for row, reason in faults.items()]
            of = f"{len(faults)} of {len(rows.files)} images cannot be read"
            raise UserError(
                f"{self.path}: {of}: {'; '.join(named[:MOST_SHOWN])}"
                f"{f'; and {len(named) - MOST_SHOWN} more' if len(named) > MOST_SHOWN else ''}.",
                "Replace or remove them; to go on without them set dataset.unreadable=skip."
                if chosen
                else "Replace or remove them.",
            )
        self._skipped = [*self._skipped, *(rows.names[row] for row in faults)]
        return rows.table(contents, faults, self.image)

    def _findings(self) -> list[Finding]:
        if not self._skipped:
            return self.notes()
        count = len(self._skipped)
        skipped = Finding(
            check="unreadable_images",
            message=f"{count} images cannot be read: {listing(self._skipped, MOST_SHOWN)}.",
            remedy="Their rows were left out.",
            column=self.image,
            rows=count,
            fixed=True,
        )
        return [skipped, *self.notes()]

    def notes(self) -> list[Finding]:
        """Return how many files were passed over; see `mlfw.Dataset.notes`."""
        if not self._passed:
            return []
        count = len(self._passed)
        return [
            Finding(
                check="reading",
                message=f"{count} {'file is no image' if count == 1 else 'files are no images'} by "
                f"name ({endings(self._passed)}): {listing(self._passed, MOST_SHOWN)}.",
                remedy="Left out.",
                column=self.image,
                rows=count,
                fixed=True,
            )
        ]

    def fingerprint(self, progress: Progress = silent) -> str:
        """Return a checksum of the images' names and content, and of the table that lists them."""
        path = self._path()
        parts = {} if is_table(path) else parts_of(path)
        listed = [labelled_folder(folder) for folder in parts.values()] or [self._rows()]
        return digest([rows.fingerprint(progress) for rows in listed])

    def reads(self, path: Path) -> bool:
        """Tell whether it is a folder, an image, or a table where the data set is one too."""
        like_table = bool(self.path) and is_table(Path(self.path)) and is_table(path)
        return os.path.isdir(path) or like_table or super().reads(path)  # noqa: PTH112

    def read(self, path: Path, progress: Progress = silent) -> pa.Table:
        """Read an image, a folder of images or a table of paths; see `mlfw.Dataset.read`.

        A folder gives its images' paths too, in the column `file`, or `path` where the images are
        called so, and where it has sub-folders their names as `label`.
        """
        if os.path.isdir(path):  # noqa: PTH112
            rows = folder_rows(path, self.image)
        elif is_table(path):
            rows = table_rows(path, self.image, chosen=False)
        elif os.path.isfile(path):  # noqa: PTH113
            rows = ImageRows.of([path], names=[str(path)])
        elif os.path.exists(path):  # noqa: PTH110
            raise UserError(
                f"{path}: is a pipe or a device, expected an image or a folder.", "Check the path."
            )
        else:
            raise UserError(f"{path}: no such file or folder.", "Check the path.")
        reader = replace(self, path=str(path), unreadable=Unreadable.fail)
        reader._passed = self._passed
        return reader._checked(rows, progress, chosen=False)
