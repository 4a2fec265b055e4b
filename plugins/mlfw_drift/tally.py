"""Counting the values of one column, batch by batch, in the bins of the training data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlfw import Column, Kind
from mlfw.schema.distribution import (
    NUMERIC,
    Distribution,
    bin_counts,
    category_counts,
    numbers_of,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_EXAMPLES = 3


@dataclass(kw_only=True)
class Tally:
    """What has been counted of a column.

    Attributes:
        column: The column.
        before: How its values were distributed in training.
        rows: How many values were counted, missing ones included.
        missing: How many are missing; values that do not fit the column count as missing.
        misfits: How many do not fit.
        unseen: How many are categories that training never saw.
        outside: How many lie outside the range of the training values.
        examples: Some unseen categories.
        bins: Values per bin of a numeric column, int64 [bins].
        categories: How often each known category occurs.
    """

    column: Column
    before: Distribution
    rows: int = 0
    missing: int = 0
    misfits: int = 0
    unseen: int = 0
    outside: int = 0
    examples: list[str] = field(default_factory=list)
    bins: np.ndarray | None = None
    categories: Counter[str] = field(default_factory=Counter)

    @property
    def numeric(self) -> bool:
        """Whether the column is counted in bins."""
        return self.column.kind in NUMERIC

    def add(self, values: pa.Array, misfits: int = 0) -> None:
        """Count more values.

        Args:
            values: In the column's storage type, [rows].
            misfits: How many did not fit and are null for that.
        """
        self.rows += len(values)
        self.misfits += misfits
        if self.column.kind is Kind.image:
            self.missing += values.null_count
        elif self.numeric:
            self._add_numbers(numbers_of(values, self.column.kind), len(values))
        else:
            self._add_categories(values)

    def _add_numbers(self, numbers: np.ndarray, rows: int) -> None:
        self.missing += rows - len(numbers)
        counts = bin_counts(numbers, self.before.edges)
        self.bins = counts if self.bins is None else self.bins + counts
        if self.before.low is not None and self.before.high is not None:
            outside = (numbers < self.before.low) | (numbers > self.before.high)
            self.outside += int(outside.sum())

    def _add_categories(self, values: pa.Array) -> None:
        counts, missing = category_counts(values)
        self.missing += missing
        known = frozenset(self.column.categories)
        for name, count in counts.items():
            if name in known or not known:
                self.categories[name] += count
                continue
            self.unseen += count
            if len(self.examples) < MOST_EXAMPLES and name not in self.examples:
                self.examples.append(name)

    def both(self) -> tuple[np.ndarray, np.ndarray]:
        """Return rows per bin in training and now, float64 [bins] each, missing values last.

        Categories come in the order of training, then rare ones together, then unseen ones.
        """
        import numpy as np

        before = self.before
        if self.numeric:
            first = [*before.counts, before.missing]
            bins = np.zeros(len(before.counts), int) if self.bins is None else self.bins
            second = [*bins[: len(before.counts)].tolist(), self.missing]
        elif self.column.kind is Kind.image:
            first = [before.rows - before.missing, before.missing]
            second = [self.rows - self.missing, self.missing]
        else:
            names = list(before.categories)
            rare = sum(n for name, n in self.categories.items() if name not in before.categories)
            first = [*before.categories.values(), before.other, 0, before.missing]
            second = [*(self.categories[name] for name in names), rare, self.unseen, self.missing]
        return np.array(first, float), np.array(second, float)
