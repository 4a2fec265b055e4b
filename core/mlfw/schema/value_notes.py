"""Values that a model does not know what to do with, counted for a person to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mlfw.hints import printable
from mlfw.schema.word_spelling import near_word, same_word

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_EXAMPLES, MOST_SEARCHED = 3, 1000
MOST_COLUMNS = 3
LONGEST_VALUE = 40


class Problem(StrEnum):
    """What is odd about a value.

    A misfit cannot be read as its column's kind and counts as missing. An unseen category did not
    occur in training.
    """

    misfit = "misfit"
    unseen = "unseen"


@dataclass(frozen=True)
class ValueNote:
    """Odd values of one column.

    Attributes:
        column: The column's name.
        problem: What is odd about them.
        expected: What was expected, in words.
        rows: The rows they stand in, int64, from 0, ascending; the first ones where notes of
            several tables are joined.
        count: How many rows they stand in.
        values: How many values the column has in all, missing ones left out.
        examples: Some different ones, each with its first row.
        known: The values seen in training, of a category.
    """

    column: str
    problem: Problem
    expected: str
    rows: np.ndarray
    count: int
    values: int
    examples: tuple[tuple[int, object], ...]
    known: tuple[str, ...] = ()

    @property
    def alien(self) -> bool:
        """Whether no value of the column, which has several, fits."""
        return self.problem is Problem.misfit and self.count == self.values > 1

    def __str__(self) -> str:
        """Return the sentence that a person reads, with rows counted from 1."""
        count, one = self.count, self.count == 1
        if self.problem is Problem.misfit:
            what = (
                f"{'is' if one else 'are'} not {self.expected} and "
                f"{'counts' if one else 'count'} as missing"
            )
        else:
            what = "never occurred in training"
        shown = ", ".join(
            f"{shown_value(value)} in row {row + 1}{_perhaps(near_word(str(value), self.known))}"
            for row, value in self.examples
        )
        of = f"{count:,} of {self.values:,} value{'' if self.values == 1 else 's'}"
        return f"column '{printable(self.column)}': {of} {what}: {shown}."

    def about(self, value: object) -> str:
        """Return the sentence about one row's value."""
        what = (
            f"is not {self.expected} and counts as missing"
            if self.problem is Problem.misfit
            else "never occurred in training"
        )
        # No more than spellings are compared, as this may be said of each row of a request.
        perhaps = _perhaps(same_word(str(value), self.known))
        return f"column '{printable(self.column)}': {shown_value(value)}{perhaps} {what}."


def _perhaps(near: str) -> str:
    return f" (perhaps {shown_value(near)})" if near else ""


def note(
    column: str,
    problem: Problem,
    expected: str,
    values: pa.Array,
    odd: np.ndarray,
    total: int,
    known: tuple[str, ...] = (),
) -> ValueNote:
    """Return a note about some values of a column.

    Args:
        column: The column's name.
        problem: What is odd.
        expected: What was expected, in words.
        values: The column as it was given, [rows].
        odd: Which values are odd, bool [rows]; at least one.
        total: How many values the column has, missing ones left out.
        known: The values seen in training, of a category.
    """
    import numpy as np

    rows = np.flatnonzero(odd)
    examples: dict[str, tuple[int, object]] = {}
    for row in rows[:MOST_SEARCHED].tolist():
        value = values[row].as_py()
        examples.setdefault(shown_value(value), (row, value))
        if len(examples) == MOST_EXAMPLES:
            break
    found = tuple(examples.values())
    return ValueNote(column, problem, expected, rows, len(rows), total, found, known)


def shown_value(value: object) -> str:
    """Return a value as it is quoted in a message, cut short."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def sentences(notes: Iterable[ValueNote]) -> list[str]:
    """Return notes as sentences, at most three for each problem and one that counts the rest."""
    found: list[str] = []
    each: Sequence[ValueNote] = list(notes)
    for problem in Problem:
        own = [note for note in each if note.problem is problem]
        found += [str(note) for note in own[:MOST_COLUMNS]]
        left = own[MOST_COLUMNS:]
        if left:
            rows = sum(note.count for note in left)
            what = "unreadable" if problem is Problem.misfit else "unseen"
            columns = f"{len(left)} more column{'s' if len(left) > 1 else ''}"
            found.append(
                f"{rows:,} {what} values in {columns}: "
                f"{', '.join(printable(note.column) for note in left[:12])}"
                f"{', ...' if len(left) > 12 else ''}."
            )
    return found
