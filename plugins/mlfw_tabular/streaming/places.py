"""In which split each of many rows belongs, told batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Split, UserError
from mlfw.errors import did_you_mean
from mlfw_tabular.splitting.words import WORDS
from mlfw_tabular.streaming.rows import batches_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.dataset as ds


class Places:
    """Tells the split of rows that are read in order."""

    def __init__(self, source: ds.Dataset, split: Split, seed: int) -> None:
        """Look through the column of times, if the rows are divided by one."""
        import numpy as np

        for key in ("group", "time", "column"):
            name = getattr(split, key)
            if name and name not in source.schema.names:
                raise UserError(
                    f"split.{key}: there is no column '{name}'.",
                    did_you_mean(name, source.schema.names),
                )
        self._split = split
        self._seed = seed
        self._random = np.random.default_rng(seed)
        self._limits = _time_limits(source, split) if split.time else (0.0, 0.0)

    def of(self, table: pa.Table) -> np.ndarray:
        """Return 0 for training, 1 for validation and 2 for testing, int8 [rows].

        Args:
            table: The rows that follow those of the last call.
        """
        split = self._split
        if split.column:
            return _by_word(table[split.column], split.column)
        if split.time:
            times = _times(table[split.time], split.time)
            return _by_value(times, *self._limits)
        shares = (
            _by_group(table[split.group], self._seed)
            if split.group
            else self._random.random(table.num_rows)
        )
        return _by_value(-shares, -(split.test + split.validation), -split.test)


def _by_value(values: np.ndarray, validation: float, test: float) -> np.ndarray:
    """Place what is above a limit in validation, and above the next in testing."""
    import numpy as np

    place: np.ndarray = (values > validation).astype(np.int8) + (values > test)
    return place


def _by_group(values: pa.ChunkedArray, seed: int) -> np.ndarray:
    """Return a number in [0, 1) that is the same for all rows of a group, float64 [rows]."""
    import hashlib

    import numpy as np

    encoded = values.combine_chunks().dictionary_encode()
    shares = []
    for group in encoded.dictionary.to_pylist():
        digest = hashlib.blake2b(f"{seed}/{group}".encode(), digest_size=8).digest()
        shares.append(int.from_bytes(digest) / 2**64)
    codes = np.asarray(encoded.indices.fill_null(len(shares)))
    return np.take(np.asarray([*shares, 0.999]), codes)


def _by_word(values: pa.ChunkedArray, name: str) -> np.ndarray:
    import numpy as np

    encoded = values.combine_chunks().cast("string").dictionary_encode()
    words = [str(word).strip().lower() for word in encoded.dictionary.to_pylist()]
    unknown = [word for word in words if word not in WORDS]
    if unknown or encoded.null_count:
        raise UserError(
            f"split.column={name}: expected train, validation or test, found "
            f"'{unknown[0] if unknown else ''}'.",
            "Correct the column, or leave split.column out.",
        )
    places: np.ndarray = np.asarray([WORDS[word] for word in words], np.int8)
    return np.take(places, np.asarray(encoded.indices))


def _times(values: pa.ChunkedArray, name: str) -> np.ndarray:
    import numpy as np
    import pyarrow as pa

    if values.null_count:
        raise UserError(
            f"split.time={name}: {values.null_count} rows have no time.", "Fill the column."
        )
    try:
        whole = values.cast(pa.timestamp("us")) if pa.types.is_date(values.type) else values
        if pa.types.is_timestamp(whole.type):
            whole = whole.cast(pa.int64())
        return np.asarray(whole.cast(pa.float64(), safe=False))
    except pa.ArrowInvalid:
        raise UserError(
            f"split.time={name}: expected dates or numbers, found {values.type}.",
            "Choose a column of dates.",
        ) from None


def _time_limits(source: ds.Dataset, split: Split) -> tuple[float, float]:
    """Return the last time of training, and the last of validation."""
    import numpy as np

    assert split.time is not None
    times = [_times(batch[split.time], split.time) for batch in batches_of(source, [split.time])]
    ordered = np.sort(np.concatenate(times))
    last = len(ordered) - 1
    training = 1 - split.test - split.validation
    return float(ordered[int(training * last)]), float(ordered[int((1 - split.test) * last)])
