"""One encoder a kind of column: fitted on training rows, saved as JSON, the same when serving."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import Kind

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_CATEGORIES = 1000
MOST_WORDS = 200
LARGEST = 1e100  # its square is still a number
MOST_DEVIATIONS = 1e6
UNKNOWN = 0
DAY_US = 86_400_000_000
WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class Encoder(ABC):
    """Turns one column into numbers, or into codes to be embedded or one-hot encoded.

    Attributes:
        column: The column's name.
    """

    kind: ClassVar[Kind]
    column: str

    @classmethod
    @abstractmethod
    def fit(cls, name: str, values: pa.Array) -> Encoder:
        """Learn from a training column in its kind's storage type, [rows]."""

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the numbers made, one a column of `numbers`."""
        return ()

    @property
    def cardinality(self) -> int:
        """How many codes there are, 0 where the column becomes numbers."""
        return 0

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Return float64 [rows, len(features)], centred and scaled, nothing missing."""
        raise NotImplementedError

    def codes(self, values: pa.Array) -> np.ndarray:
        """Return int64 [rows]: 0 for unknown and missing values, then the known ones."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return the fitted encoder as JSON data."""
        return {"kind": self.kind.value, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class NumberEncoder(Encoder):
    """A number: median for what is missing, an indicator of it, mean 0 and deviation 1."""

    kind: ClassVar[Kind] = Kind.number
    median: float
    mean: float
    deviation: float
    indicator: bool

    @classmethod
    def fit(cls, name: str, values: pa.Array) -> NumberEncoder:
        """Learn median, mean and standard deviation; infinities count as missing."""
        import numpy as np

        raw = _floats(values)
        known = raw[np.isfinite(raw)]
        median = float(np.median(known)) if len(known) else 0.0
        filled = np.where(np.isfinite(raw), raw, median)
        deviation = float(filled.std()) if len(filled) else 0.0
        return cls(
            column=name,
            median=median,
            mean=float(filled.mean()) if len(filled) else 0.0,
            deviation=deviation if deviation > 1e-12 else 1.0,
            indicator=len(known) < len(raw),
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The number, and whether it was missing if that occurred in training."""
        missing = (f"{self.column} is missing",) if self.indicator else ()
        return (self.column, *missing)

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Return the scaled number, and the indicator, float64 [rows, 1 or 2]."""
        import numpy as np

        raw = _floats(values)
        known = np.isfinite(raw)
        scaled = (np.where(known, raw, self.median) - self.mean) / self.deviation
        scaled = np.clip(scaled, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        columns = [scaled, (~known).astype(np.float64)] if self.indicator else [scaled]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, kw_only=True)
class BooleanEncoder(Encoder):
    """A boolean: -1 for false, 1 for true, 0 for a missing value."""

    kind: ClassVar[Kind] = Kind.boolean

    @classmethod
    def fit(cls, name: str, values: pa.Array) -> BooleanEncoder:  # noqa: ARG003
        """Learn nothing."""
        return cls(column=name)

    @property
    def features(self) -> tuple[str, ...]:
        """The boolean."""
        return (self.column,)

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Return float64 [rows, 1]."""
        import numpy as np
        import pyarrow.compute as pc

        filled = pc.fill_null(pc.subtract(pc.multiply(values.cast("float64"), 2.0), 1.0), 0.0)
        return np.asarray(filled).reshape(-1, 1)


@dataclass(frozen=True, kw_only=True)
class DatetimeEncoder(Encoder):
    """A date: elapsed time, scaled, and its place in the year, the week and the day as cycles."""

    kind: ClassVar[Kind] = Kind.datetime
    mean: float
    deviation: float
    CYCLES: ClassVar[tuple[str, ...]] = ("year", "week", "day")

    @classmethod
    def fit(cls, name: str, values: pa.Array) -> DatetimeEncoder:
        """Learn the mean and deviation of the time, in days since 1970."""
        import numpy as np

        days = _days(values)
        known = days[np.isfinite(days)]
        deviation = float(known.std()) if len(known) else 0.0
        return cls(
            column=name,
            mean=float(known.mean()) if len(known) else 0.0,
            deviation=deviation if deviation > 1e-9 else 1.0,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The time, then sine and cosine of each cycle."""
        waves = [f"{self.column} {wave} of {c}" for c in self.CYCLES for wave in ("sine", "cosine")]
        return (self.column, *waves)

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Return float64 [rows, 7]; all 0 where the date is missing."""
        import numpy as np

        days = _days(values)
        columns = [(days - self.mean) / self.deviation]
        # 1970-01-01 was a Thursday; day 4 was a Monday.
        for phase in (days / 365.2425, (days - 4) / 7, days):
            angle = 2 * math.pi * np.mod(phase, 1.0)
            columns += [np.sin(angle), np.cos(angle)]
        return np.nan_to_num(np.stack(columns, axis=1), nan=0.0)


@dataclass(frozen=True, kw_only=True)
class CategoryEncoder(Encoder):
    """A category: the code of its value, 0 for one not seen in training and for none."""

    kind: ClassVar[Kind] = Kind.category
    vocabulary: tuple[str, ...]

    @classmethod
    def fit(cls, name: str, values: pa.Array) -> CategoryEncoder:
        """Learn the values that occur, the most frequent ones where there are over 1000."""
        counts = Counter(value for value in values.to_pylist() if value is not None)
        frequent = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_CATEGORIES]
        return cls(column=name, vocabulary=tuple(sorted(frequent)))

    @property
    def cardinality(self) -> int:
        """The known values and one code for all others."""
        return len(self.vocabulary) + 1

    def codes(self, values: pa.Array) -> np.ndarray:
        """Return int64 [rows]."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        known = pa.array(self.vocabulary, pa.string())
        index = pc.fill_null(pc.index_in(values, known, skip_nulls=True), -1)
        return np.asarray(index, dtype=np.int64) + 1


@dataclass(frozen=True, kw_only=True)
class TextEncoder(Encoder):
    """Text: tf-idf of its most telling words, each row scaled to length 1.

    Smoothed inverse document frequency as in Manning, Raghavan and Schütze, Introduction to
    Information Retrieval (2008), chapter 6.
    """

    kind: ClassVar[Kind] = Kind.text
    words: tuple[str, ...]
    weights: tuple[float, ...]

    @classmethod
    def fit(cls, name: str, values: pa.Array) -> TextEncoder:
        """Learn the most frequent words that occur in more than one row, and their weights."""
        counts: Counter[str] = Counter()
        for value in values.to_pylist():
            counts.update(set(_words(value)))
        frequent = [word for word in counts if counts[word] > 1]
        frequent = sorted(frequent, key=lambda word: (-counts[word], word))[:MOST_WORDS]
        rows = len(values)
        weights = tuple(math.log((1 + rows) / (1 + counts[word])) + 1 for word in frequent)
        return cls(column=name, words=tuple(frequent), weights=weights)

    @property
    def features(self) -> tuple[str, ...]:
        """The words."""
        return tuple(f"{self.column} has {word}" for word in self.words)

    def numbers(self, values: pa.Array) -> np.ndarray:
        """Return float64 [rows, words]."""
        import numpy as np

        index = {word: place for place, word in enumerate(self.words)}
        out = np.zeros((len(values), len(self.words)))
        for row, value in enumerate(values.to_pylist()):
            for word in _words(value):
                if word in index:
                    out[row, index[word]] += self.weights[index[word]]
        length = np.sqrt((out**2).sum(axis=1, keepdims=True))
        return out / np.where(length > 0, length, 1.0)


def _words(text: str | None) -> list[str]:
    return WORD.findall(text.lower()) if text else []


def _floats(values: pa.Array) -> np.ndarray:
    import numpy as np

    raw = np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.where(np.isinf(raw), raw, np.clip(raw, -LARGEST, LARGEST))


def _days(values: pa.Array) -> np.ndarray:
    """Return days since 1970 with fractions, NaN where missing, float64 [rows]."""
    import pyarrow as pa

    return _floats(values.cast(pa.int64()).cast(pa.float64(), safe=False)) / DAY_US
