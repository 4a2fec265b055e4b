"""Finding the line of a table that holds the columns' names.

The rules look at the first rows as they are cut into values.

- Above the names may stand a title, remarks that begin with `#`, and blank rows: rows with at most
  one value, or of another width than the table. They are left out where a row of names follows:
  one with a word above a column of numbers, or one that holds the wanted columns.
- A row holds names unless it holds a number or a date in a column that goes on so, and no word
  above such a column.
- Numbers are names all the same where they differ from the rows below: they rise in equal steps or
  are years above other numbers, are dates above plain numbers, are whole above fractions, or lie
  far outside their columns.
- A row with one name fewer than the rows below have values leaves the first column without a name,
  as R writes row names, or the last one where every row ends with a delimiter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from mlfw.schema.cast import MISSING_WORDS

NUMBER_OR_DATE = re.compile(
    r"[+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?%?|\d+[-/.]\d+[-/.]\d+([T ][\d:.,+ Z-]+)?"
)
DATE = re.compile(r"(\d+([-/])\d+\2\d+|\d{1,2}\.\d{1,2}\.\d{2,4})([T ].*)?")
WHOLE = re.compile(r"-?\d{1,15}")
FRACTION = re.compile(r"[+-]?\d*[.,]\d+([eE][+-]?\d+)?%?")
YEARS = range(1500, 2201)
MOST_TITLES = 30
FEWEST_ROWS = 3  # fewer rows are no evidence


class Evidence(IntEnum):
    """How much speaks for a row of names."""

    none = 0
    weak = 1
    strong = 2


@dataclass(frozen=True)
class Line:
    """A row of a text and the lines that it takes, from 1."""

    first: int
    last: int
    values: list[str]


@dataclass(frozen=True)
class Header:
    """Where a table begins.

    Attributes:
        index: Which row comes first: that of the names, or the first one with values.
        width: The number of columns.
        names: The names as they are written; none where no row holds them.
        lacking: Which column the row of names leaves out: `first`, `last` or none.
    """

    index: int
    width: int
    names: tuple[str, ...]
    lacking: str = ""


def find_header(
    rows: Sequence[Sequence[str]],
    *,
    wanted: Collection[str] = (),
    header: bool | None = None,
    titles: bool = True,
) -> Header:
    """Return where a table begins and what its columns are called; see the module.

    Args:
        rows: The first rows, none of them without any value.
        wanted: Columns that the table ought to have; a row that holds them is the names.
        header: Whether there are names, where it is known.
        titles: Whether rows may stand above the names.
    """
    table = _Rows(rows)
    if header is False:
        index = table.after_remarks() if titles else 0
        return Header(index, len(rows[index]), ())
    found = table.holding(wanted) if wanted else None
    index = (table.below_titles() if titles else 0) if found is None or not titles else found
    lacking = table.lacks_a_name(index)
    if lacking:
        names = ("", *rows[index]) if lacking == "first" else (*rows[index], "")
        return Header(index, len(names), tuple(names), lacking)
    named = header or (found is not None and index == found) or table.evidence(index)
    return Header(index, len(rows[index]), tuple(rows[index]) if named else ())


def names_evidence(first: Sequence[str], below: Sequence[Sequence[str]]) -> Evidence:
    """Tell how much speaks for a row of names.

    Args:
        first: The row.
        below: The rows that follow it.
    """
    below = [row for row in below if len(row) == len(first)]
    numbers: dict[str, list[str]] = {}
    count, words = 0, False
    for index, value in enumerate(map(str.strip, first)):
        column = [row[index].strip() for row in below]
        present = [each for each in column if each not in MISSING_WORDS]
        if value in MISSING_WORDS or not present:
            continue
        if all(map(NUMBER_OR_DATE.fullmatch, present)):
            count += 1
            words |= not NUMBER_OR_DATE.fullmatch(value)
            numbers[value] = present
    if words:
        return Evidence.strong
    if not count:
        return Evidence.weak
    distinct = len(numbers) == count
    return Evidence.strong if distinct and _differ(numbers, below) else Evidence.none


def _differ(numbers: dict[str, list[str]], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether numbers are no values of the columns that they stand above."""
    dates = [bool(DATE.fullmatch(value)) for value in numbers]
    if any(dates):
        return all(dates) and not any(DATE.fullmatch(v) for vs in numbers.values() for v in vs)
    if not all(map(WHOLE.fullmatch, numbers)):
        return False
    values = [int(value) for value in numbers]
    columns = list(numbers.values())
    return (
        _is_counted(values, list(zip(*columns, strict=False)))
        or _are_years(values, columns)
        or _are_whole_above_fractions(columns)
        or (len(below) >= FEWEST_ROWS and all(map(_far_from, values, columns)))
    )


def _is_counted(values: list[int], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether numbers rise or fall in equal steps, and most rows below do not."""
    if len(values) < FEWEST_ROWS or not _even(values):
        return False
    if values[1] - values[0] == 1:
        return not all(all(map(WHOLE.fullmatch, row)) and _even(map(int, row)) for row in below)
    even = sum(all(map(WHOLE.fullmatch, row)) and _even(map(int, row)) for row in below)
    return 2 * even < len(below)


def _even(values: Collection[int] | map[int]) -> bool:
    steps = {after - before for before, after in pairwise(values)}
    return len(steps) == 1 and steps != {0}


def _are_years(values: list[int], columns: list[list[str]]) -> bool:
    """Tell whether numbers are years in order, and those below are none."""
    ordered = values in (sorted(values), sorted(values, reverse=True))
    if len(values) < 2 or not ordered or not all(value in YEARS for value in values):
        return False
    return not any(all(_is_year(value) for value in column) for column in columns)


def _is_year(text: str) -> bool:
    return bool(WHOLE.fullmatch(text)) and int(text) in YEARS


def _are_whole_above_fractions(columns: list[list[str]]) -> bool:
    return len(columns) >= FEWEST_ROWS and all(
        len(column) >= FEWEST_ROWS and all(map(FRACTION.fullmatch, column)) for column in columns
    )


def _far_from(value: int, column: list[str]) -> bool:
    """Tell whether a number lies further outside a column than the column is wide."""
    try:
        numbers = [float(each) for each in column]
    except ValueError:
        return False
    if len(numbers) < FEWEST_ROWS:
        return False
    width = max(numbers) - min(numbers) or abs(max(numbers)) or 1
    return not min(numbers) - width <= value <= max(numbers) + width


class _Rows:
    """The first rows of a table with what may stand above it."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self._rows = rows
        counts = Counter(map(len, rows))
        self._width = max(counts, key=lambda width: (counts[width], width))
        self._evidence: dict[int, Evidence] = {}

    def evidence(self, index: int) -> Evidence:
        if index not in self._evidence:
            self._evidence[index] = names_evidence(self._rows[index], self._rows[index + 1 :])
        return self._evidence[index]

    def after_remarks(self) -> int:
        """Return the first row that is no remark of another width than most rows."""
        for index, row in enumerate(self._rows[:MOST_TITLES]):
            if len(row) == self._width or not _is_remark(row):
                return index
        return 0

    def holding(self, wanted: Collection[str]) -> int | None:
        """Return the row that holds at least half of the wanted names, which no row repeats."""
        found = [index for index in range(self._most) if self._holds(index, wanted)]
        for index in found:
            fits = len(self._rows[index]) == self._width or self.lacks_a_name(index)
            if fits and (index == 0 or self._all_titles(index) or self._surely(index)):
                return index
        return 0 if 0 in found else None

    @property
    def _most(self) -> int:
        return min(len(self._rows), MOST_TITLES)

    def _holds(self, index: int, wanted: Collection[str]) -> bool:
        cells = [cell.strip() for cell in self._rows[index]]
        hits = [cell for cell in cells if cell in wanted]
        return 2 * len(set(hits)) >= len(set(wanted)) and not all(
            any(name in map(str.strip, row) for row in self._rows[index + 1 :]) for name in hits
        )

    def _surely(self, index: int) -> bool:
        return self.evidence(index) is Evidence.strong is not self.evidence(0)

    def _all_titles(self, end: int) -> bool:
        return all(self._is_title(index) for index in range(end))

    def _is_title(self, index: int) -> bool:
        """Tell whether a row has at most one value, or is a remark of another width."""
        row = self._rows[index]
        filled = sum(bool(cell.strip()) for cell in row)
        if len(row) == self._width:
            return filled == 0 or (filled == 1 and self._width >= FEWEST_ROWS)
        return filled <= 1 or _is_remark(row)

    def below_titles(self) -> int:
        """Return the row of names below titles; 0 where it is not clear that there is any."""
        doubtful: list[int] = []
        for index in range(self._most):
            row = self._rows[index]
            if self.lacks_a_name(index):
                return index
            if len(row) != self._width or self._is_title(index):
                continue
            full, sure = all(map(str.strip, row)), self.evidence(index) is Evidence.strong
            if _is_remark(row) or (not full and not sure):
                doubtful.append(index)  # `#id,size` may be names, and so may `id,,size`
            elif self._begins(index) and (full or self._all_titles(index)):
                return index
            else:
                break
        remarks = [index for index in doubtful if _is_remark(self._rows[index])]
        return (remarks[-1:] or doubtful or [0])[0]

    def _begins(self, index: int) -> bool:
        evidence = self.evidence(index)
        if index == 0 or (evidence is Evidence.strong and not self._named_by_remark(index)):
            return True
        # Without numbers below, only a regular table makes titles of what stands above it.
        row, below = self._rows[index], self._rows[index + 1 :]
        return (
            evidence is Evidence.weak
            and self._all_titles(index)
            and self._width >= FEWEST_ROWS
            and len(below) >= FEWEST_ROWS
            and all(len(other) == self._width for other in below)
            and len({cell.strip() for cell in row}) == self._width
            and not any(not cell or cell[0].isspace() for cell in row)
        )

    def _named_by_remark(self, end: int) -> bool:
        return any(
            _is_remark(self._rows[index]) and self.evidence(index) is Evidence.strong
            for index in range(end)
            if len(self._rows[index]) == self._width
        )

    def lacks_a_name(self, index: int) -> str:
        """Tell which column a row of names leaves out: `first`, `last` or none."""
        row, below = self._rows[index], self._rows[index + 1 :]
        cells = [cell.strip() for cell in row]
        regular = all(len(other) == self._width for other in below)
        if len(row) != self._width - 1 or not below or not regular:
            return ""
        if not all(cells) or len({*cells}) < len(cells) or _is_remark(row):
            return ""
        if self.evidence(index + 1) is Evidence.strong:
            return ""
        if not any(other[-1].strip() for other in below) and len(below) >= FEWEST_ROWS:
            return "last" if names_evidence([*row, ""], below) else ""
        keys = [other[0].strip() for other in below]
        counted = all(key.isdecimal() for key in keys) and (
            [int(key) - int(keys[0]) for key in keys] == [*range(len(keys))]
            and (len(keys) > 1 or keys == ["1"])
        )
        distinct = all(keys) and len({*keys}) == len(keys) and len(keys) >= FEWEST_ROWS
        if not counted and (not distinct or self._width < FEWEST_ROWS):
            return ""
        return "first" if names_evidence(["", *row], below) else ""


def _is_remark(row: Sequence[str]) -> bool:
    return row[0].lstrip().startswith(("#", "//", "%"))
