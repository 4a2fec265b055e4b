"""Columns that give the target away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Action, Kind
from mlfw.errors import listing
from mlfw_tabular.checks.base import LeavesColumnsOut, Problem
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.single_column import ClassGuess, Guess, binned, guess_of
from mlfw_tabular.checks.values import plain, sample, sampled, shortened, taken
from mlfw_tabular.checks.words import MISSING, MOST_ROWS, texts, words_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LEAST_ROWS = 50
IN_BINS = (Kind.number, Kind.category, Kind.boolean, Kind.datetime)
IN_WORDS = (Kind.text, Kind.category, Kind.labels)
# Categories of fewer values, or of more rows of each, are judged by whole values alone.
LEAST_CATEGORIES, MOST_ROWS_EACH = 20, 50
# Characters of texts that are looked at in one column, and in all of them.
OF_A_COLUMN, OF_ALL_COLUMNS = 2_000_000, 20_000_000
WORDS_SHOWN = 3
ADVICE = "Known when predicting? If not:"


class Leaks(LeavesColumnsOut[Rows]):
    """Columns that alone predict the target nearly perfectly.

    Rows are put into bins by the column, and the target of a fifth of the rows is predicted from
    the others in the same bin: the most frequent class, or the mean rank of a number. The bins of
    texts, and of categories with many values, are those of the one word that tells each class
    best, or of a number in the text. Such a column is often a copy of the target, or is known only
    after it.
    """

    name = "leaks"
    default = Action.warn

    def find(self, data: Rows) -> list[Problem]:
        """Return the columns."""
        if data.count < LEAST_ROWS:
            return []
        rows = sample(data.count, data.context.seed)
        guesses = _guesses(data, rows)
        read = _rows_to_read(guesses, data, rows)
        guesses_of_read = _guesses(data, read)
        names = [name for target in data.schema.targets for name in target.classes]
        problems = []
        most = OF_ALL_COLUMNS // max(len(data.of_kind(*IN_WORDS)), 1)
        for column, whole in data.of_kind(*IN_BINS, *IN_WORDS) if guesses else ():
            values = taken(whole, rows)
            found = sampled(data.count)
            given = _by_bins(column.kind, values, guesses) if column.kind in IN_BINS else ""
            if not given and column.kind in IN_WORDS and not _has_rows_of_each(values):
                values = taken(whole, read)
                given = _by_words(values, guesses_of_read, names, min(most, OF_A_COLUMN))
                found = sampled(data.count, MOST_ROWS)
            if given:
                message = f"alone predicts {given}{found}"
                problems.append(Problem(message=message, column=column.name, advice=ADVICE))
        return problems


def _guesses(data: Rows, rows: np.ndarray | None) -> list[tuple[str, Guess]]:
    """Return what predicts each target in some rows, None for all of them."""
    return [
        (target.name, guess)
        for target in data.schema.targets
        if (guess := guess_of(target, taken(data.arrays[target.name], rows)))
    ]


def _rows_to_read(
    guesses: list[tuple[str, Guess]], data: Rows, rows: np.ndarray | None
) -> np.ndarray:
    """Return whose texts are read, in random order, int64: more of small classes than by chance.

    Args:
        guesses: What predicts the targets in `rows`.
        data: All rows.
        rows: A sample of them; None for all.
    """
    import numpy as np

    count = data.count if rows is None else len(rows)
    random = np.random.default_rng(data.context.seed)
    order = random.permutation(count)
    first = next((guess for _, guess in guesses if isinstance(guess, ClassGuess)), None)
    if first is not None and count > MOST_ROWS:
        small = first.target[order] != np.bincount(first.target).argmax()
        head = order[small][: MOST_ROWS // 4]
        order = np.concatenate([head, order[~np.isin(order, head)]])
    chosen = random.permutation(order[:MOST_ROWS])
    return chosen if rows is None else rows[chosen]


def _by_bins(kind: Kind, values: pa.Array, guesses: list[tuple[str, Guess]]) -> str:
    """Return what whole values predict, in words."""
    bins = binned(kind, values)
    given = [name for name, guess in guesses if guess.is_perfect(bins)]
    return f"{listing(given)} nearly perfectly" if given else ""


def _has_rows_of_each(values: pa.Array) -> bool:
    """Tell whether a category has few values, so that there are rows enough of each."""
    import pyarrow as pa

    if not pa.types.is_dictionary(values.type):
        return False
    return len(values.dictionary) < max(LEAST_CATEGORIES, len(values) / MOST_ROWS_EACH)


def _by_words(
    values: pa.Array, guesses: list[tuple[str, Guess]], names: list[str], most_characters: int
) -> str:
    """Return what words or numbers in the values predict, in words."""
    found = texts(plain(values), most_characters)
    words = words_of(found, names)
    told = {name: guess.telling_words(words, found) for name, guess in guesses}
    given = {name: chosen for name, chosen in told.items() if chosen is not None}
    if not given:
        return ""
    chosen = list(dict.fromkeys(word for own in given.values() for word in own))
    shown = ["a missing value" if w == MISSING else repr(shortened(w)) for w in chosen]
    by = listing(shown, WORDS_SHOWN) if shown else "a number in it"
    return f"{listing(given)} nearly perfectly, by {by}"
