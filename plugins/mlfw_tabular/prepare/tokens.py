"""Texts for networks: the numbers of their words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column
from mlfw_tabular.prepare.categories import read_codes
from mlfw_tabular.prepare.encoder import SequenceEncoder
from mlfw_tabular.prepare.texts import TextOptions
from mlfw_tabular.prepare.words import SEPARATOR, Terms, words_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PADDING, UNKNOWN_WORD = 0, 1
FIRST_WORD = 2
ENOUGH = 0.95
LONGEST = 256


@dataclass(frozen=True, kw_only=True)
class TokenEncoder(SequenceEncoder):
    """Text: its first words as numbers; 0 fills up what is short, 1 is an unknown word.

    Attributes:
        column: The column's name.
        vocabulary: The words learnt, the most frequent first; the first has the number 2.
        length: How many words are kept.
    """

    name: ClassVar[str] = "tokens"

    vocabulary: tuple[str, ...]

    @classmethod
    def fit(cls, column: Column, words: Terms, options: TextOptions) -> TokenEncoder:
        """Learn the most frequent words, and how long texts are."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        counted = words.values.value_counts()
        table = pa.table({"word": counted.field("values"), "times": counted.field("counts")})
        table = table.filter(pc.field("times") >= options.min_count)
        table = table.sort_by([("times", "descending"), ("word", "ascending")])
        length = options.length
        if length is None:
            usual = np.quantile(words.lengths, ENOUGH) if words.rows else 1
            length = int(np.clip(np.ceil(usual), 1, LONGEST))
        return cls(
            column=column.name,
            vocabulary=tuple(table["word"].slice(0, options.vocabulary).to_pylist()),
            length=length,
        )

    @property
    def cardinality(self) -> int:
        """The words learnt, padding, and one number for all other words."""
        return len(self.vocabulary) + FIRST_WORD

    @cached_property
    def _known(self) -> pa.Array:
        import pyarrow as pa

        return pa.array(self.vocabulary, pa.string())

    def input_notes(self) -> dict[str, Any]:
        """Return the vocabulary."""
        return {
            **super().input_notes(),
            "holds": f"the first {self.length} words of a text, each as its place in the "
            f"vocabulary counted from {FIRST_WORD}, {UNKNOWN_WORD} for any other word and "
            f"{PADDING} where the text has ended",
            "vocabulary": list(self.vocabulary),
            "length": self.length,
            "separator": SEPARATOR,
        }

    def read(self, values: pa.Array) -> np.ndarray:
        """Return the numbers of the words, int32 [rows, length]."""
        import numpy as np

        words = words_of(values)
        lengths = words.lengths
        place = np.arange(len(words.parents)) - (np.cumsum(lengths) - lengths)[words.parents]
        kept = place < self.length
        numbers = np.zeros((words.rows, self.length), np.int32)
        codes = read_codes(words.values, self._known)
        numbers[words.parents[kept], place[kept]] = codes[kept] + UNKNOWN_WORD
        return numbers
