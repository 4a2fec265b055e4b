"""What a comparison has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mlfw import Kind
from mlfw.files import finite

FORMAT = 1
EPOCH = datetime(1970, 1, 1)


def in_words(value: float, kind: str) -> str:
    """Return a number as people read it: dates as dates, and lengths of texts as such.

    Args:
        value: The number; of a date the days since 1970.
        kind: What the column holds.
    """
    if kind == Kind.datetime:
        try:
            return f"{EPOCH + timedelta(days=value):%Y-%m-%d}"
        except OverflowError:
            return "a date beyond the calendar"
    return f"{value:.4g} characters" if kind == Kind.text else f"{value:.5g}"


class Verdict(StrEnum):
    """How far a column is from the training data."""

    large = "moved a lot"
    moderate = "moved"
    unsure = "too few rows"
    stable = "as in training"


@dataclass(frozen=True, kw_only=True)
class Share:
    """How often a bin or a category occurs.

    Attributes:
        name: The category, or the bin in words.
        before: Its share in training, from 0 to 1.
        now: Its share in the later rows.
    """

    name: str
    before: float
    now: float


@dataclass(frozen=True, kw_only=True)
class ColumnDrift:
    """What was found of one column, or of the predictions for one target.

    Attributes:
        name: The column or the target.
        kind: What it holds.
        verdict: How far it is from the training data.
        psi: The population stability index, less what chance alone gives; 0 at least.
        psi_raw: The index as it is defined.
        ks: The Kolmogorov-Smirnov distance of a numeric column, from 0 to 1.
        p_value: How likely such a distance is by chance, adjusted for the number of columns.
        importance: The column's share in what the model knows, from 0 to 1; None if unknown.
        rows: How many later rows were counted.
        rows_needed: How many rows show a large change; None where the training data are too few.
        missing: The share of missing values in training and now.
        unseen: The share of values now that training never saw.
        outside: The share of numbers now that lie outside the range of training.
        misfits: The share of values now that do not fit the column.
        median: About the median of a numeric column in training and now.
        examples: Some values that training never saw.
        shares: How often each bin or category occurs.
    """

    name: str
    kind: str
    verdict: Verdict
    psi: float
    psi_raw: float
    ks: float | None
    p_value: float
    importance: float | None
    rows: int
    rows_needed: int | None
    missing: tuple[float, float]
    unseen: float
    outside: float
    misfits: float
    median: tuple[float, float] | None
    examples: tuple[str, ...]
    shares: tuple[Share, ...]

    @property
    def moved(self) -> bool:
        """Whether it differs from the training data, by more than chance and noticeably."""
        return self.verdict in (Verdict.moderate, Verdict.large)


@dataclass(frozen=True, kw_only=True)
class DriftReport:
    """What was found of all columns.

    Attributes:
        model: The saved model's folder.
        data: Where the later rows come from.
        rows: How many later rows there are.
        trained: How many training rows they were compared with.
        columns: What was found of the columns, those that matter most to the model first.
        predictions: What was found of the predictions.
        predicted: Whether the predictions were made for this report, as none were logged.
        left_out: Columns not looked at.
        ranked: Whether it is known what matters to the model.
        evaluate: The command that measures the model on rows whose target is known.
    """

    model: str
    data: str
    rows: int
    trained: int
    columns: tuple[ColumnDrift, ...]
    predictions: tuple[ColumnDrift, ...]
    predicted: bool
    left_out: tuple[str, ...]
    ranked: bool
    evaluate: str

    @property
    def moved(self) -> bool:
        """Whether a column or the predictions have moved."""
        return any(each.moved for each in (*self.columns, *self.predictions))

    @property
    def rows_needed(self) -> int | None:
        """How many rows show a large change in any column; None if the training data are few."""
        needed = [each.rows_needed for each in self.columns]
        known = [each for each in needed if each is not None]
        return max(known) if known and len(known) == len(needed) else None

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        found: Mapping[str, Any] = asdict(self)
        extra = {"format": FORMAT, "moved": self.moved, "rows_needed": self.rows_needed}
        cleaned = finite({**extra, **found})
        assert isinstance(cleaned, dict)
        return cleaned
