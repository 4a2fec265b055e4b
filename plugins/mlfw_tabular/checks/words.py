"""Words and numbers inside of texts that alone give a target away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MISSING = ""
TOKEN = re.compile(r"[^\W_]+|[^\w\s]")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Which of the numbers in a text may be the target.
PLACES = (0, 1, -1)
FEWEST_ROWS, MOST_ROWS = 500, 5_000
MOST_NAMES, MOST_CELLS = 200, 2_000_000


@dataclass(frozen=True)
class Words:
    """Which words stand in which rows, each pair once.

    Attributes:
        vocabulary: The words; `MISSING` stands for a missing value.
        rows: Row numbers, int64 [pairs].
        words: Places in the vocabulary, int64 [pairs].
        count: How many rows there are.
    """

    vocabulary: list[str]
    rows: np.ndarray
    words: np.ndarray
    count: int

    def telling(self, target: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Return bins of rows by the one word that tells each class best, and these words.

        A text that is merely useful speaks of a class in many different words; one that holds the
        answer has the same word in nearly every row of the class, and in no other row.

        Args:
            target: Class numbers, int64 [rows].

        Returns:
            Bins, int64 [rows], and the words.
        """
        import numpy as np

        sizes = np.bincount(target)
        often = np.bincount(self.words, minlength=len(self.vocabulary))
        kept = np.argsort(-often, kind="stable")[: MOST_CELLS // len(sizes)]
        place = np.full(len(self.vocabulary), -1)
        place[kept] = np.arange(len(kept))
        known = place[self.words] >= 0
        cells = place[self.words[known]] * len(sizes) + target[self.rows[known]]
        inside = np.bincount(cells, minlength=len(kept) * len(sizes)).reshape(-1, len(sizes))
        wrong = sizes + often[kept][:, None] - 2 * inside
        best = wrong.argmin(axis=0)
        best = np.unique(best[wrong[best, np.arange(len(sizes))] < sizes / 2])
        held = np.zeros((self.count, len(best)), bool)
        for number, word in enumerate(kept[best].tolist()):
            held[self.rows[self.words == word], number] = True
        _, bins = np.unique(np.packbits(held, axis=1), axis=0, return_inverse=True)
        return bins.reshape(-1), [self.vocabulary[word] for word in kept[best].tolist()]


def texts(values: pa.Array, most_characters: int) -> list[str | None]:
    """Return texts, as many of the first ones and as much of each as may be looked at.

    Args:
        values: Words, texts or lists of labels, [rows].
        most_characters: About how many characters may be looked at in all.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = pc.binary_join(values.cast(pa.list_(pa.string())), " ")
    values = values[:MOST_ROWS].cast(pa.string())
    length = max(pc.mean(pc.utf8_length(values)).as_py() or 1.0, 1.0)
    rows = max(min(int(most_characters / length), MOST_ROWS), FEWEST_ROWS)
    most = most_characters // rows
    return [text and _ends(text, most) for text in values[:rows].to_pylist()]


def words_of(found: Sequence[str | None], names: Sequence[str]) -> Words:
    """Return the words of texts, in small letters.

    Args:
        found: The texts, [rows].
        names: Names of classes; they are found within longer words too.
    """
    import numpy as np

    sought = [name.casefold() for name in names[:MOST_NAMES] if len(name) > 1]
    vocabulary: dict[str, int] = {}
    rows: list[int] = []
    words: list[int] = []
    for row, text in enumerate(found):
        small = (text or "").casefold()
        own = {*TOKEN.findall(small), *(name for name in sought if name in small)} or {MISSING}
        rows += [row] * len(own)
        words += [vocabulary.setdefault(word, len(vocabulary)) for word in own]
    return Words(list(vocabulary), np.array(rows), np.array(words), len(found))


def numbers_in(found: Sequence[str | None]) -> list[np.ndarray]:
    """Return the first, the second and the last number of each text, float64 [rows] each."""
    import numpy as np

    inside = [NUMBER.findall(text or "") for text in found]
    columns = []
    for place in PLACES:
        reach = place + 1 if place >= 0 else -place
        columns.append(
            np.array([_number(own[place]) if len(own) >= reach else np.nan for own in inside])
        )
    return columns


def few_classes(values: np.ndarray, most: int) -> np.ndarray | None:
    """Return numbers as classes, int64 [rows], where there are few different ones."""
    import numpy as np

    distinct, classes = np.unique(values, return_inverse=True)
    return classes if len(distinct) <= most else None


def _ends(text: str, most: int) -> str:
    """Return a text without its middle where it is too long."""
    return text if len(text) <= most else f"{text[: most // 2]} {text[-(most // 2) :]}"


def _number(written: str) -> float:
    try:
        return float(written.replace(",", ""))
    except ValueError:  # such as 1.2.2024
        return float("nan")
