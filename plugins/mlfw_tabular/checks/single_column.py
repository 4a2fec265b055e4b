"""Predicting a target from one column, out of fold, without fitting a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw import Kind, Target, Task
from mlfw_tabular.checks.values import codes, floats
from mlfw_tabular.checks.words import Words, few_classes, numbers_in

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

FOLDS = 5
ROWS_IN_BIN = 5
MOST_BINS = 2000
MOST_CELLS = 2_000_000
MOST_LABELS = 10
LEAST_OTHERS = 15
ALLOWED_ERRORS = 2
ALLOWED_SHARE = 0.02
LEAST_R2 = 0.99
MOST_VALUES_IN_WORDS = 20


class Guess(ABC):
    """Predicts one target from the bins of a column."""

    @abstractmethod
    def is_perfect(self, bins: np.ndarray) -> bool:
        """Tell whether bins, int64 [rows], predict the target nearly perfectly."""

    @abstractmethod
    def telling_words(self, words: Words, texts: Sequence[str | None]) -> list[str] | None:
        """Return the words of the first rows that predict the target nearly perfectly.

        Args:
            words: Which words stand in these rows.
            texts: The texts themselves; a number in them may be the target.

        Returns:
            The words, none where it is a number; None where nothing predicts the target.
        """


@dataclass(frozen=True)
class ClassGuess(Guess):
    """Predicts class numbers, int64 [rows]: at most 2 % of the errors that the majority makes."""

    target: np.ndarray
    folds: np.ndarray

    def is_perfect(self, bins: np.ndarray) -> bool:
        """Tell whether bins predict the class, while the most frequent class does not."""
        import numpy as np

        sizes = np.bincount(self.target)
        others = len(self.target) - int(sizes.max())
        width, height = len(sizes), int(bins.max()) + 1
        if others < LEAST_OTHERS or FOLDS * width * height > MOST_CELLS * FOLDS:
            return False
        cell = (self.folds * height + bins) * width + self.target
        counts = np.bincount(cell, minlength=FOLDS * height * width)
        own = counts.reshape(FOLDS, height, width)
        known = own.sum(axis=0) - own
        guessed = np.where(known.any(axis=2), known.argmax(axis=2), sizes.argmax())
        right = np.take_along_axis(own, guessed[:, :, None], axis=2).sum()
        errors = len(self.target) - int(right)
        return errors <= max(min(ALLOWED_ERRORS, 0.1 * others), ALLOWED_SHARE * others)

    def telling_words(self, words: Words, texts: Sequence[str | None]) -> list[str] | None:  # noqa: ARG002
        """Return the words, at most one a class."""
        first = ClassGuess(self.target[: words.count], self.folds[: words.count])
        bins, chosen = words.telling(first.target)
        return chosen if chosen and first.is_perfect(bins) else None


@dataclass(frozen=True)
class RankGuess(Guess):
    """Predicts the ranks of numbers, float64 [rows] around 0: R² of at least 0.99."""

    target: np.ndarray
    folds: np.ndarray

    def is_perfect(self, bins: np.ndarray) -> bool:
        """Tell whether the mean rank within a bin explains nearly all differences."""
        import numpy as np

        height = int(bins.max()) + 1
        cell = self.folds * height + bins
        sums = np.bincount(cell, self.target, FOLDS * height).reshape(FOLDS, height)
        counts = np.bincount(cell, minlength=FOLDS * height).reshape(FOLDS, height)
        known = counts.sum(axis=0) - counts
        means = (sums.sum(axis=0) - sums) / np.maximum(known, 1)
        left = ((self.target - means.reshape(-1)[cell]) ** 2).sum()
        return bool(left <= (1 - LEAST_R2) * (self.target**2).sum())

    def telling_words(self, words: Words, texts: Sequence[str | None]) -> list[str] | None:
        """Return the words where the target has few values; else see whether a number tells it."""
        import pyarrow as pa

        own = self.target[: words.count]
        if not own.std():
            return None
        first = RankGuess(own - own.mean(), self.folds[: words.count])
        classes = few_classes(own, MOST_VALUES_IN_WORDS)
        if classes is not None:
            bins, chosen = words.telling(classes)
            if chosen and first.is_perfect(bins):
                return chosen
        numbers = (binned(Kind.number, pa.array(each)) for each in numbers_in(texts))
        return [] if any(first.is_perfect(bins) for bins in numbers) else None


@dataclass(frozen=True)
class AnyGuess(Guess):
    """Predicts one of several things."""

    guesses: tuple[Guess, ...]

    def is_perfect(self, bins: np.ndarray) -> bool:
        """Tell whether bins predict one of them."""
        return any(guess.is_perfect(bins) for guess in self.guesses)

    def telling_words(self, words: Words, texts: Sequence[str | None]) -> list[str] | None:
        """Return the words that predict the first one that words predict."""
        found = (guess.telling_words(words, texts) for guess in self.guesses)
        return next((chosen for chosen in found if chosen is not None), None)


def guess_of(target: Target, values: pa.Array) -> Guess | None:
    """Return what predicts a target; for labels, each of the most frequent ones.

    Args:
        target: The target.
        values: Its values, none missing, [rows].
    """
    import numpy as np

    folds = np.random.default_rng(0).integers(0, FOLDS, len(values))
    if target.task is Task.regression:
        ranks = _ranks(floats(values))
        return RankGuess(ranks - ranks.mean(), folds) if ranks.std() else None
    if target.task is Task.multilabel:
        held = _held(values)
        return AnyGuess(tuple(ClassGuess(label, folds) for label in held))
    return ClassGuess(codes(values)[0], folds)


def binned(kind: Kind, values: pa.Array) -> np.ndarray:
    """Return the bin of each value, int64 [rows], 0 for missing ones.

    Words have a bin each, and so have numbers that repeat; other numbers share one with the next.
    """
    import numpy as np

    if kind is Kind.category:
        return codes(values)[0] + 1
    numbers = floats(values)
    known = np.isfinite(numbers)
    bins = np.zeros(len(numbers), np.int64)
    distinct, place = np.unique(numbers[known], return_inverse=True)
    most = min(max(len(numbers) // ROWS_IN_BIN, 1), MOST_BINS)
    if len(distinct) > most:
        place = (place * most) // len(distinct)
    bins[known] = place + 1
    return bins


def _ranks(numbers: np.ndarray) -> np.ndarray:
    """Return the mean rank of each number, float64 [rows]."""
    import numpy as np

    _, place, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(sizes) - (sizes - 1) / 2)[place]
    return ranks


def _held(values: pa.Array) -> list[np.ndarray]:
    """Return for the most frequent labels which rows have them, int64 [rows] each."""
    import numpy as np

    number, _ = codes(values.flatten())
    rows = _parents(values)
    found = []
    for label in np.argsort(-np.bincount(number))[:MOST_LABELS] if len(number) else []:
        held = np.zeros(len(values), np.int64)
        held[rows[number == label]] = 1
        found.append(held)
    return found


def _parents(values: pa.Array) -> np.ndarray:
    """Return the row that each label stands in, int64 [labels]."""
    import numpy as np
    import pyarrow.compute as pc

    return np.asarray(pc.list_parent_indices(values))
