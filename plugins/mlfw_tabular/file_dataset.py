"""The base of data sets that are files."""

from __future__ import annotations

import gzip
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Self, cast

import mlfw
from mlfw import Finding, LoadContext, RowSplits, Splits, UserError
from mlfw.components.dataset import Progress, silent
from mlfw.components.splits import pieces as table_pieces
from mlfw.errors import listing
from mlfw.files import digest, new_file
from mlfw.remote import RemoteFile
from mlfw.urls import check_no_secret, shown_url
from mlfw_tabular.image_paths import image_notes
from mlfw_tabular.mixed_values import as_read
from mlfw_tabular.reading import Telling, check_flat, check_names, checksums, read_all
from mlfw_tabular.sources import Source, check_file, find_sources, on_disk
from mlfw_tabular.table_dataset import TableDataset, Understood
from mlfw_tabular.text_file import Told, is_compressed

if TYPE_CHECKING:
    import pyarrow as pa

SENTENCE_ENDS = r"(?<=[.?]) +"
KEYS = ("path", "validation", "test")


@dataclass(kw_only=True)
class FileDataset(TableDataset):
    """A data set that is one file, or several with the same columns.

    Attributes:
        path: The file; or several, or a pattern such as data/*.csv, read in the order of names.
            Each may be a URL too, such as s3://bucket/data/*.csv, gs://, abfs:// or https://.
        validation: Files with the rows that steer training and tuning, where they stand apart.
        test: Files with the rows for the final measurement, where they stand apart.
        folders: Whether a folder stands for all files in it.
    """

    folders: ClassVar[bool] = False

    path: list[str] = field(default_factory=list, metadata=mlfw.path_field())
    validation: list[str] = field(default_factory=list, metadata=mlfw.path_field())
    test: list[str] = field(default_factory=list, metadata=mlfw.path_field())

    def __post_init__(self) -> None:
        """Take a lone path for a list of one, in Python as in a configuration."""
        for key in KEYS:
            value = getattr(self, key)
            if isinstance(value, str):
                setattr(self, key, [value] if value else [])
        self._notes: list[Finding] = []
        self._expected: tuple[str, ...] = ()
        self._found: dict[str, list[Source]] = {}

    @classmethod
    def check_written(cls, options: Mapping[str, Any]) -> None:
        """Refuse URLs with a secret that would be kept in the run directory."""
        for key in KEYS:
            written = options[key]
            for text in [written] if isinstance(written, str) else written:
                check_no_secret(str(text), f"dataset.{key}")

    @abstractmethod
    def parse(self, path: Path, told: Told) -> pa.Table:
        """Read a file that exists and is not empty.

        Args:
            path: The file.
            told: To be told now and then how many bytes of it are read.

        Raises:
            UserError: It is not of the format.
        """

    @abstractmethod
    def write_into(self, file: BinaryIO, pieces: Iterable[pa.Table]) -> None:
        """Write tables of one schema, one at least, one after the other into an open file."""

    def load(self, context: LoadContext) -> RowSplits:
        """Return the divided rows and their schema; see `mlfw.Dataset.load`."""
        self._notes.clear()
        splits = super().load(context)
        assert isinstance(splits, Splits)
        return splits.replace(findings=(*self._notes, *splits.findings))

    def _understood(
        self, source: dict[str, pa.ChunkedArray], progress: Progress = silent
    ) -> Understood:
        known = super()._understood(source, progress)
        self._notes[:] = as_read(self._notes, known.schema)
        return known

    def expect(self, names: Sequence[str]) -> None:
        """Take note of the columns that files ought to have; see `mlfw.Dataset.expect`."""
        self._expected = tuple(names)

    def notes(self) -> list[Finding]:
        """Return what a person should know of how files were read."""
        return list(self._notes)

    def wanted(self) -> set[str]:
        """Return columns that the files ought to have, so far as they are known."""
        return set(self._expected) or {*self.target, *self.columns}

    def reader(self) -> Self:
        """Return the data set without files of its own, whose notes are this one's."""
        reader = replace(self, path=[], validation=[], test=[])
        reader._notes, reader._expected = self._notes, self._expected
        return reader

    def place(self) -> str:
        """Return the files' paths."""
        return listing(map(shown_url, self.path), 3)

    def table(self, progress: Progress = silent) -> pa.Table:
        """Read the files."""
        self._check_apart()
        return self._read("path", progress)

    def given(self, progress: Progress = silent) -> dict[str, pa.Table]:
        """Read the files of the validation and test rows, where there are any."""
        return {key: self._read(key, progress) for key in KEYS[1:] if getattr(self, key)}

    def fingerprint(self, progress: Progress = silent) -> str:
        """Return a checksum of all files' content, in order; of remote ones, of their versions."""
        sources = [self.sources(key) for key in KEYS]
        paths = [each.path for part in sources for each in part]
        found = iter(checksums([path for path in paths if isinstance(path, Path)], progress))
        return digest(
            [
                [
                    [
                        [each.path.size, each.path.version]
                        if isinstance(each.path, RemoteFile)
                        else next(found),
                        each.parts,
                    ]
                    for each in part
                ]
                for part in sources
            ]
        )

    def sources(self, key: str) -> list[Source]:
        """Return the files of `path`, `validation` or `test`, in the order they are read.

        Raises:
            UserError: A file is not there or may not be read, or `path` is not set.
        """
        paths = getattr(self, key)
        if key in self._found:
            return self._found[key]
        if key == "path" and not paths:
            suffix = (*self.suffixes, "")[0]
            example = f"Type for example: dataset.path=FILE{suffix}"
            raise UserError("dataset.path: not set.", example)
        found = find_sources(paths, f"dataset.{key}", self.suffixes, folders=self.folders)
        if any(isinstance(source.path, RemoteFile) for source in found):
            self._found[key] = found  # asking for them again takes long
        return found

    def read(self, path: Path, progress: Progress = silent) -> pa.Table:
        """Read a file as it is; see `mlfw.Dataset.read`."""
        check_file(path, "")
        try:
            return self._parse(path, Telling(progress, [path]).of(path))
        except UserError as error:
            raise UserError(error.problem, _without_keys(error.remedy)) from None

    def content(self, table: pa.Table, path: Path) -> bytes:
        """Return what a file of this name holds; compressed if it ends in `.gz`."""
        file = BytesIO()
        self._write(file, path, table_pieces(table))
        return file.getvalue()

    def write(self, table: pa.Table, path: Path) -> None:
        """Write a file, whole or not at all; see `content`."""
        self.write_pieces(table_pieces(table), path)

    def write_pieces(self, pieces: Iterable[pa.Table], path: Path) -> None:
        """Write a file, whole or not at all; see `mlfw.Dataset.write_pieces`."""
        try:
            with new_file(path) as file:
                self._write(file, path, pieces)
        except OSError as error:
            raise UserError(
                f"{path}: cannot be written: {error.strerror}.", "Choose another place for it."
            ) from None

    def _write(self, file: BinaryIO, path: Path, pieces: Iterable[pa.Table]) -> None:
        if not is_compressed(path):
            self.write_into(file, pieces)
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            self.write_into(cast("BinaryIO", packed), pieces)

    def _check_apart(self) -> None:
        """Check that no row is both learnt from and measured on."""
        owners: dict[str, str] = {}
        for key in KEYS:
            for source in self.sources(key):
                owner = owners.setdefault(source.key, key)
                if owner != key:
                    raise UserError(
                        f"dataset.{key}: {source.path} is in dataset.{owner} too.",
                        "What is measured on must not be learnt from: take it out of one of them.",
                    )

    def _read(self, key: str, progress: Progress) -> pa.Table:
        dropped = set(self.drop) - set(self.target)
        with on_disk(self.sources(key), progress) as sources:
            table, notes = read_all(sources, self._parse, progress, dropped)
        self._notes += notes
        place = listing(map(shown_url, getattr(self, key)), 3)
        if not table.num_rows:
            raise UserError(
                f"{place}: holds no rows, only columns {listing(table.column_names)}.",
                "Check how it was made or copied.",
            )
        check_flat(table.schema, place, self.drop)
        if key == "path":
            but = {*self.target, *self.drop, *self.columns}
            self._notes += image_notes(table, Path(self.path[0]), but=but)
        return table

    def _other_reader(self, path: Path) -> FileDataset:
        """Return the data set whose suffix a file has, without options; itself where none is."""
        import mlfw_tabular

        for component in mlfw_tabular.mlfw_datasets().values():
            if issubclass(component, FileDataset) and component().reads(path):
                other = component(target=self.target, columns=self.columns, drop=self.drop)
                other._notes, other._expected = self._notes, self._expected
                return other
        return self

    def _parse(self, path: Path, told: Told) -> pa.Table:
        reader = self if self.reads(path) else self._other_reader(path)
        try:
            table = reader.parse(path, told)
        except OSError as error:
            raise UserError(
                f"{path}: cannot be read: {error.strerror or error}.", "Check the disk."
            ) from None
        check_names(table.column_names, path)
        if not table.num_columns:
            raise UserError(f"{path}: has no columns.", "Check how it was made or copied.")
        return table


def _without_keys(remedy: str) -> str:
    """Return a remedy without the keys of a run, which cannot be set for a file that is read."""
    if "dataset." not in remedy and "dataset=" not in remedy:
        return remedy
    sentences = re.split(SENTENCE_ENDS, remedy)
    kept = [each for each in sentences if "dataset." not in each and "dataset=" not in each]
    return " ".join([*kept, "Write the file as those are written that the model was trained on."])
