"""What every check of the data is: it finds problems, and can mend them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from mlfw import Action
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.rows import Rows

Data = TypeVar("Data", Rows, Parts)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that a check has found.

    Attributes:
        message: What was found, in one sentence with its numbers; no column's name in it where
            `column` says it.
        column: The column it is about, if it is about one.
        rows: How many rows it is about.
        where: Which rows, bool [rows], or what else the fix needs.
        advice: What to do about it beside the check's own fix, as a sentence.
        undo: How to have it as it was once it is mended.
        detail: More of it, which only the report says.
    """

    message: str
    column: str = ""
    rows: int = 0
    where: Any = None
    advice: str = ""
    undo: str = ""
    detail: str = ""


class Check(ABC, Generic[Data]):
    """Looks for one way in which data can be wrong.

    A check's docstring says what it looks for; it is its help.

    Attributes:
        name: Its key below `dataset.checks`.
        default: What is done where nothing is asked for.
        mend: What its fix does, as in `to leave the column out`.
        mended: The same when done, as a sentence.
    """

    name: ClassVar[str]
    default: ClassVar[Action]
    mend: ClassVar[str]
    mended: ClassVar[str]

    @abstractmethod
    def find(self, data: Data) -> list[Problem]:
        """Return what is wrong."""

    @abstractmethod
    def fix(self, data: Data, problems: Sequence[Problem]) -> tuple[Data, Sequence[Problem]]:
        """Return mended data, and those of the problems that are mended."""


class LeavesColumnsOut(Check[Data]):
    """A check whose fix leaves columns out; one is always left to learn from."""

    mend = "leave the column out"
    mended = "Left out."

    def fix(self, data: Data, problems: Sequence[Problem]) -> tuple[Data, Sequence[Problem]]:
        """Leave the columns out."""
        names = {problem.column for problem in problems}
        if not any(name not in names for name in data.inputs):
            names.discard(problems[0].column)
        mended = [problem for problem in problems if problem.column in names]
        return (data.without_columns(names) if names else data), mended


class LeavesRowsOut(Check[Data]):
    """A check whose fix leaves rows out; `where` is bool [rows]."""

    def fix(self, data: Data, problems: Sequence[Problem]) -> tuple[Data, Sequence[Problem]]:
        """Leave the rows out."""
        import numpy as np

        rows = np.logical_or.reduce([problem.where for problem in problems])
        return data.without_rows(rows), problems


class MakesMissing(Check[Data]):
    """A check whose fix makes values missing; `where` is what `with_missing` takes."""

    mend = "make them missing"
    mended = "Made missing."

    def fix(self, data: Data, problems: Sequence[Problem]) -> tuple[Data, Sequence[Problem]]:
        """Make the values missing."""
        return data.with_missing({problem.column: problem.where for problem in problems}), problems
