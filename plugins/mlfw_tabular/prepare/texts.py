"""Texts for estimators: weighted counts of words, or of words hashed into buckets."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Column, limits
from mlfw_tabular.prepare.categories import read_codes
from mlfw_tabular.prepare.encoder import Audience, Encoder
from mlfw_tabular.prepare.words import SEPARATOR, Terms, runs_of, words_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_BUCKETS = 1 << 16
COUNTS_AT_ONCE = 1 << 19


class TextEncoding(StrEnum):
    """What a text becomes for estimators."""

    tfidf = "tfidf"
    hash = "hash"


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How a text is prepared.

    Attributes:
        encode: For estimators: tfidf (counts of the most frequent words, rare ones weighing
            more) or hash (counts of all words, put into buckets by a hash), each row scaled to
            length 1.
        words: For estimators with encode=tfidf, how many words or runs of words count.
        buckets: For estimators with encode=hash, how many buckets there are.
        ngrams: For estimators, how many words a run of words may have.
        min_count: In how many training rows a word must stand.
        vocabulary: For networks, how many words are told apart.
        length: For networks, how many words of a text are kept; null for what is enough for 95 of
            100 training texts, at most 256.
    """

    encode: TextEncoding = TextEncoding.tfidf
    words: int = field(default=200, metadata=limits(minimum=1, maximum=MOST_BUCKETS))
    buckets: int = field(default=512, metadata=limits(minimum=2, maximum=MOST_BUCKETS))
    ngrams: int = field(default=1, metadata=limits(minimum=1, maximum=5))
    min_count: int = field(default=2, metadata=limits(minimum=1))
    vocabulary: int = field(default=20_000, metadata=limits(minimum=1))
    length: int | None = field(default=None, metadata=limits(minimum=1, maximum=4096))


@dataclass(frozen=True, kw_only=True)
class CountEncoder(Encoder):
    """Weighted counts, each row scaled to length 1.

    An exported graph takes the counts: it cannot tell words apart as here.

    Attributes:
        column: The column's name.
        ngrams: How many words a run of words may have.
    """

    audience: ClassVar[Audience] = Audience.estimators
    input_type: ClassVar[str] = "float32"

    ngrams: int

    @property
    def input_shape(self) -> tuple[int, ...]:
        """As many counts as there are features."""
        return (len(self.features),)

    @property
    def rows_at_once(self) -> int:
        """As many as make half a million counts."""
        return max(COUNTS_AT_ONCE // max(len(self.features), 1), 1)

    def _count(self, terms: Terms, places: np.ndarray, signs: np.ndarray | None) -> np.ndarray:
        """Return counts, float32 [rows, features]; a place below 0 is left out."""
        import numpy as np

        width = len(self.features)
        kept = places >= 0
        cells = terms.parents[kept] * width + places[kept]
        weights = None if signs is None else signs[kept]
        counts = np.bincount(cells, weights, terms.rows * width)
        return counts.reshape(terms.rows, width).astype(np.float32)

    def apply(self, xp: Any, x: Any, constants: Mapping[str, Any]) -> Any:
        """Weight the counts, then divide each row by its length."""
        weighted = x * constants["weights"]
        length = xp.sqrt(xp.sum(weighted * weighted, axis=2, keepdims=True))
        return weighted / xp.where(length > 0, length, xp.ones_like(length))


@dataclass(frozen=True, kw_only=True)
class TfidfEncoder(CountEncoder):
    """Text: tf-idf of its most frequent words.

    Smoothed inverse document frequency as in Manning, Raghavan and Schütze, Introduction to
    Information Retrieval (2008), chapter 6.

    Attributes:
        column: The column's name.
        ngrams: How many words a run of words may have.
        words: The words or runs of words that count.
        weights: The inverse document frequency of each.
    """

    name: ClassVar[str] = "tfidf"

    words: tuple[str, ...]
    weights: tuple[float, ...]

    @classmethod
    def fit(cls, column: Column, words: Terms, options: TextOptions) -> TfidfEncoder:
        """Learn the words that stand in most rows, and their weights."""
        import numpy as np

        frequent, counts = _document_counts(runs_of(words, options.ngrams), options)
        weights = np.log((1 + words.rows) / (1 + counts)) + 1
        return cls(
            column=column.name,
            ngrams=options.ngrams,
            words=tuple(frequent),
            weights=tuple(weights.tolist()),
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The words."""
        return tuple(f"{self.column} has {word}" for word in self.words)

    @cached_property
    def _known(self) -> pa.Array:
        import pyarrow as pa

        return pa.array(self.words, pa.string())

    def input_notes(self) -> dict[str, Any]:
        """Return the words that are counted."""
        return {
            "holds": f"how often each of the words{_or_runs(self.ngrams)} stands in a text",
            "words": list(self.words),
            "ngrams": self.ngrams,
            "separator": SEPARATOR,
        }

    def read(self, values: pa.Array) -> np.ndarray:
        """Return how often each word stands in each text, float32 [rows, words]."""
        terms = runs_of(words_of(values), self.ngrams)
        return self._count(terms, read_codes(terms.values, self._known) - 1, None)

    def constants(self) -> dict[str, np.ndarray]:
        """Return the weights."""
        import numpy as np

        return {"weights": np.asarray(self.weights, np.float64)}


@dataclass(frozen=True, kw_only=True)
class HashEncoder(CountEncoder):
    """Text: signed counts of all its words in buckets.

    Weinberger and others, Feature hashing for large scale multitask learning (2009). The hash is
    the CRC-32 of the word in UTF-8: its remainder is the bucket, its highest bit the sign.

    Attributes:
        column: The column's name.
        ngrams: How many words a run of words may have.
        buckets: How many buckets there are.
    """

    name: ClassVar[str] = "hash"

    buckets: int

    @classmethod
    def fit(cls, column: Column, options: TextOptions) -> HashEncoder:
        """Learn nothing."""
        return cls(column=column.name, ngrams=options.ngrams, buckets=options.buckets)

    @property
    def features(self) -> tuple[str, ...]:
        """The buckets."""
        return tuple(f"{self.column} bucket {bucket}" for bucket in range(self.buckets))

    def input_notes(self) -> dict[str, Any]:
        """Return how words come into buckets."""
        return {
            "holds": f"how many words{_or_runs(self.ngrams)} of a text come into each bucket, the "
            f"CRC-32 of the word in UTF-8 modulo {self.buckets}; a word counts as -1 where its "
            "CRC-32 is 2147483648 or more",
            "buckets": self.buckets,
            "ngrams": self.ngrams,
            "separator": SEPARATOR,
        }

    def read(self, values: pa.Array) -> np.ndarray:
        """Return the signed counts, float32 [rows, buckets]."""
        import numpy as np

        terms = runs_of(words_of(values), self.ngrams)
        encoded = terms.values.dictionary_encode()
        hashes = np.asarray(
            [zlib.crc32(word.encode()) for word in encoded.dictionary.to_pylist()], np.int64
        )
        each = np.take(hashes, np.asarray(encoded.indices))
        return self._count(terms, each % self.buckets, 1.0 - 2.0 * (each >> 31))

    def constants(self) -> dict[str, np.ndarray]:
        """Return weights of 1."""
        import numpy as np

        return {"weights": np.ones(self.buckets)}


def _or_runs(ngrams: int) -> str:
    return f" or runs of up to {ngrams} words, joined by blanks," if ngrams > 1 else ""


def _document_counts(terms: Terms, options: TextOptions) -> tuple[list[str], np.ndarray]:
    """Return the terms that stand in most rows, and in how many, the most frequent first."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = terms.values.dictionary_encode()
    size = max(len(encoded.dictionary), 1)
    pairs = np.unique(terms.parents * size + np.asarray(encoded.indices))
    table = pa.table(
        {
            "term": encoded.dictionary,
            "rows": np.bincount(pairs % size, minlength=len(encoded.dictionary)),
        }
    )
    table = table.filter(pc.field("rows") >= options.min_count)
    table = table.sort_by([("rows", "descending"), ("term", "ascending")]).slice(0, options.words)
    return table["term"].to_pylist(), table["rows"].to_numpy()
