"""What has to be known of every group of rows: where its rows are, how many, and the last time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw_tabular.splitting.request import TRAIN

if TYPE_CHECKING:
    import numpy as np

PLACES = 4
LEAST_WAITING = 1_000_000


class Groups:
    """Groups of rows that are added batch by batch; memory grows with the groups alone."""

    def __init__(self) -> None:
        import numpy as np

        # A key is a group's hash, its two lowest bits the split that rows were put into.
        self._keys = np.zeros(0, np.uint64)
        self._times = np.zeros(0)
        self._rows = np.zeros(0, np.int64)
        self._waiting: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._waits = 0

    def add(self, hashes: np.ndarray, place: np.ndarray, times: np.ndarray | None) -> None:
        """Take more rows into account.

        Args:
            hashes: Their groups, uint64 [rows].
            place: Where they are put, 0, 1 or 2 [rows].
            times: When they are, float64 [rows]; None where that does not matter.
        """
        import numpy as np

        keys = _keys(hashes, place)
        times = np.zeros(len(keys)) if times is None else times
        self._waiting.append(_merged(keys, times, np.ones(len(keys), np.int64)))
        self._waits += len(self._waiting[-1][0])
        if self._waits > max(len(self._keys), LEAST_WAITING):
            self._merge()

    def save(self, file: str) -> None:
        """Write the groups into a Parquet file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._merge()
        columns = {"key": self._keys, "time": self._times, "rows": self._rows}
        pq.write_table(pa.table(columns), file)

    @classmethod
    def load(cls, file: str) -> Groups:
        """Read groups that `save` wrote."""
        import numpy as np
        import pyarrow.parquet as pq

        table, loaded = pq.read_table(file), cls()
        loaded._keys = np.asarray(table["key"])
        loaded._times, loaded._rows = np.asarray(table["time"]), np.asarray(table["rows"])
        return loaded

    def join(self, other: Groups) -> None:
        """Add the groups of other rows."""
        other._merge()
        self._waiting.append((other._keys, other._times, other._rows))
        self._waits += len(other._keys)
        if self._waits > max(len(self._keys), LEAST_WAITING):
            self._merge()

    def torn(self) -> tuple[int, list[int]] | None:
        """Return a group that stands in several splits, its hash but for the two lowest bits."""
        import numpy as np

        self._merge()
        whole = self._keys // np.uint64(PLACES)
        twice = np.flatnonzero(whole[1:] == whole[:-1])
        if not len(twice):
            return None
        first = whole[twice[0]]
        return int(first), (self._keys[whole == first] % np.uint64(PLACES)).tolist()

    def last_times(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the last time of each group of training rows, and how many of these it has."""
        import numpy as np

        self._merge()
        own = self._keys % np.uint64(PLACES) == TRAIN
        return self._times[own], self._rows[own]

    def last_time(self, hashes: np.ndarray) -> np.ndarray:
        """Return the last time of the training rows of groups, float64 [rows]."""
        import numpy as np

        self._merge()
        at = np.searchsorted(self._keys, _keys(hashes, np.full(len(hashes), TRAIN, np.int8)))
        return np.take(self._times, at, mode="clip")

    def _merge(self) -> None:
        import numpy as np

        if self._waiting:
            parts = [(self._keys, self._times, self._rows), *self._waiting]
            keys, times, rows = (np.concatenate(part) for part in zip(*parts, strict=True))
            self._keys, self._times, self._rows = _merged(keys, times, rows)
            self._waiting, self._waits = [], 0


def group_of(hashes: np.ndarray) -> np.ndarray:
    """Return hashes as `Groups.torn` tells them, uint64 [rows]."""
    import numpy as np

    return hashes // np.uint64(PLACES)


def _keys(hashes: np.ndarray, place: np.ndarray) -> np.ndarray:
    import numpy as np

    keys: np.ndarray = group_of(hashes) * np.uint64(PLACES) + place.astype(np.uint64)
    return keys


def _merged(
    keys: np.ndarray, times: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each key once, with its last time and the sum of its rows."""
    import numpy as np

    order = np.lexsort((times, keys))
    keys, times, rows = keys[order], times[order], rows[order]
    starts = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    ends = np.append(starts[1:], len(keys)) - 1
    return keys[starts], times[ends], np.add.reduceat(rows, starts)
