r"""Texts to words.

Words are runs of letters, marks, digits and underscores, in lower case: in JavaScript
`text.toLowerCase().split(/[^\p{L}\p{M}\p{N}_]+/u)`, empty pieces dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SEPARATOR = r"[^\pL\pM\pN_]+"
SAMPLE_ROWS = 200_000


@dataclass(frozen=True)
class Terms:
    """The words or runs of words of some rows.

    Attributes:
        values: The terms in order, [terms].
        parents: Each term's row, ascending, int64 [terms].
        rows: How many rows there are.
    """

    values: pa.Array
    parents: np.ndarray
    rows: int

    @property
    def lengths(self) -> np.ndarray:
        """How many terms each row has, int64 [rows]."""
        import numpy as np

        return np.bincount(self.parents, minlength=self.rows)


def words_of(values: pa.Array) -> Terms:
    """Return the words of texts, [rows]; a missing text has none."""
    import numpy as np
    import pyarrow.compute as pc

    lower = pc.utf8_lower(pc.fill_null(values, ""))
    pieces = pc.split_pattern_regex(lower, SEPARATOR)
    flat = pc.list_flatten(pieces)
    parents = np.asarray(pc.list_parent_indices(pieces), dtype=np.int64)
    filled = pc.not_equal(flat, "")
    return Terms(flat.filter(filled), parents[np.asarray(filled)], len(values))


def runs_of(words: Terms, longest: int) -> Terms:
    """Return runs of 1 to so many words, those of one length after the other in each row."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    runs, parents = [words.values], [words.parents]
    last = words.values
    for length in range(2, longest + 1):
        last = pc.binary_join_element_wise(last[:-1], words.values[length - 1 :], " ")
        within = words.parents[: len(last)] == words.parents[length - 1 :]
        runs.append(last.filter(pa.array(within)))
        parents.append(words.parents[: len(last)][within])
    if longest == 1:
        return words
    joined = np.concatenate(parents)
    order = np.argsort(joined, kind="stable")
    return Terms(pa.concat_arrays(runs).take(pa.array(order)), joined[order], words.rows)


def sample_values(values: pa.ChunkedArray, rows: int = SAMPLE_ROWS) -> pa.Array:
    """Return every n-th value, so that there are no more than so many."""
    import numpy as np
    import pyarrow as pa

    step = -(-len(values) // rows)
    if step > 1:
        values = values.take(pa.array(np.arange(0, len(values), step)))
    return values.combine_chunks()
