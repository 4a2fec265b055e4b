"""The contract of data sets."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from mlfw.components.component import Component
from mlfw.components.limits import limits
from mlfw.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from mlfw.schema import Schema


@dataclass(kw_only=True)
class Split:
    """How rows are divided into training, validation and test rows.

    The same seed gives the same split on every machine and for every model.

    Attributes:
        validation: Share of the rows that steer training and tuning.
        test: Share of the rows that are touched once, to measure the final model.
        stratify: Whether each class keeps its share in every split.
    """

    validation: float = field(default=0.2, metadata=limits(above=0, below=1))
    test: float = field(default=0.2, metadata=limits(above=0, below=1))
    stratify: bool = True

    def check(self) -> None:
        """Check that rows are left for training.

        Raises:
            UserError: The shares add up to 1 or more.
        """
        if self.validation + self.test >= 1:
            raise UserError(
                f"split: validation {self.validation:g} and test {self.test:g} leave no rows for "
                "training.",
                "Choose shares that add up to less than 1.",
            )


@dataclass(frozen=True)
class Splits:
    """Rows of typed columns, divided, and the schema they follow.

    Attributes:
        train: Rows to learn from, with the target as the last column.
        validation: Rows that steer training and tuning.
        test: Rows for the final measurement.
        schema: What the columns are.
    """

    train: pa.Table
    validation: pa.Table
    test: pa.Table
    schema: Schema


@dataclass(kw_only=True)
class Dataset(Component):
    """A source of rows.

    Attributes:
        suffixes: File suffixes, with the dot, that `read` and `write` understand.
    """

    kind: ClassVar[str] = "dataset"
    suffixes: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def load(self, split: Split, seed: int) -> Splits:
        """Return the divided rows and their schema.

        Args:
            split: How to divide the rows.
            seed: What decides which row goes where.

        Raises:
            UserError: The source is not there, cannot be read, or leaves nothing to learn from.
        """

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a short text that changes when the source's content does.

        Raises:
            UserError: The source is not there or not named.
        """

    def read(self, path: Path) -> pa.Table:
        """Read a file of one of the suffixes, as it is.

        Raises:
            UserError: The file is not there or cannot be read.
        """
        raise NotImplementedError(f"{type(self).__name__} reads no files: {path}")

    def write(self, table: pa.Table, path: Path) -> None:
        """Write a file of one of the suffixes, whole or not at all."""
        raise NotImplementedError(f"{type(self).__name__} writes no files: {path}")
