"""The contract of data sets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.components.component import Component
from mlfw.components.finding import Finding
from mlfw.components.imports import Imports
from mlfw.components.split import Split
from mlfw.components.splits import Splits, StreamedSplits, pieces

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.components.executor import Workers

Progress = Callable[[int, int | None, str], None]


def silent(done: int, total: int | None, what: str) -> None:
    """Show no progress."""


@dataclass(frozen=True, kw_only=True)
class LoadContext:
    """What a data set is given to load with.

    Attributes:
        split: How to divide the rows.
        seed: What decides which row goes where.
        progress: Called now and then by what may take over two seconds: how much is done, of how
            much where that is known, and what is counted, such as `rows`.
        folder: An empty folder to keep rows in that are too many for memory; None where there is
            none, and everything has to be in memory.
        imports: From which packages code may be imported that the configuration names.
        workers: Runs jobs that loading starts, such as passes over files; None where the caller
            has none.
    """

    split: Split = field(default_factory=Split)
    seed: int = 0
    progress: Progress = silent
    folder: Path | None = None
    imports: Imports = field(default_factory=Imports)
    workers: Workers | None = None


@dataclass(kw_only=True)
class Dataset(Component):
    """A source of data: of rows, or of data that only some models understand.

    Attributes:
        suffixes: File suffixes, with the dot, that `read` and `write` understand.
        lists: Whether a file can hold lists as values.
        gives: Of which classes the data may be that it loads.
    """

    kind: ClassVar[str] = "dataset"
    gives: ClassVar[tuple[type, ...]] = (Splits, StreamedSplits)
    suffixes: ClassVar[tuple[str, ...]] = ()
    lists: ClassVar[bool] = False

    @abstractmethod
    def load(self, context: LoadContext) -> Any:
        """Return the divided rows and their schema, or other data of a class in `gives`.

        Data that are not rows are not kept in the run directory: they are loaded again whenever
        a run is continued.

        Args:
            context: How to divide the rows, and whom to tell of progress.

        Raises:
            UserError: The source is not there, cannot be read, or leaves nothing to learn from.
        """

    @abstractmethod
    def fingerprint(self, progress: Progress = silent) -> str:
        """Return a short text that changes when the source's content does.

        Args:
            progress: Told how far it is; see `LoadContext.progress`.

        Raises:
            UserError: The source is not there or not named.
        """

    def reads(self, path: Path) -> bool:
        """Tell by its name whether `read` understands a file, or a folder."""
        return path.name.lower().endswith(self.suffixes or ("\0",))

    def read(self, path: Path, progress: Progress = silent) -> pa.Table:
        """Read a file of one of the suffixes, or what else `reads` accepts, as it is.

        Args:
            path: The file.
            progress: Told how far it is; see `LoadContext.progress`.

        Raises:
            UserError: The file is not there or cannot be read.
        """
        raise NotImplementedError(f"{type(self).__name__} reads no files: {path}")

    def batches(self, path: Path, progress: Progress = silent) -> Iterator[pa.Table]:
        """Yield the rows of a file in order, in tables of bounded size; see `read`.

        The file is read whole, unless a data set that can read it in parts overrides this.
        """
        yield from pieces(self.read(path, progress))

    def read_pieces(self, path: Path, progress: Progress = silent) -> Iterator[pa.Table] | None:  # noqa: ARG002
        """Return the rows of a large file in many pieces, or None if it is to be read as a whole.

        The pieces together are what `read` returns, and have one schema.

        Args:
            path: The file.
            progress: See `read`.

        Raises:
            UserError: The file cannot be read in pieces, which may show while they are read;
                `read` says what is wrong with it, or reads it.
        """
        return None

    def expect(self, names: Sequence[str]) -> None:
        """Say which columns files given to `read` ought to have, where that helps to read them."""

    def notes(self) -> list[Finding]:
        """Return what a person should know of how the files given to `read` were understood."""
        return []

    def writes(self, path: Path) -> bool:
        """Tell by its name whether `write` can make a file."""
        return type(self).write is not Dataset.write and self.reads(path)

    def write(self, table: pa.Table, path: Path) -> None:
        """Write a file of one of the suffixes, whole or not at all."""
        raise NotImplementedError(f"{type(self).__name__} writes no files: {path}")

    def write_pieces(self, pieces: Iterable[pa.Table], path: Path) -> None:
        """Write tables of one schema one after the other into a file, whole or not at all.

        Args:
            pieces: One table at least; may be made while the file is written.
            path: The file.
        """
        import pyarrow as pa

        self.write(pa.concat_tables(pieces), path)

    def content(self, table: pa.Table, path: Path) -> bytes:
        """Return what `write` writes into a file, for pipes and devices.

        Args:
            table: The rows.
            path: A name for the file, with one of the suffixes; nothing is written there.
        """
        with TemporaryDirectory() as folder:
            file = Path(folder) / path.name
            self.write(table, file)
            return file.read_bytes()
