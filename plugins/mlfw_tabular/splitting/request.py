"""What is to be divided, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlfw import Fold, Split

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Request:
    """What there is to divide rows by.

    Attributes:
        rows: How many rows there are.
        split: The shares, and how many folds.
        seed: What all randomness follows from.
        labels: To stratify by: class numbers, int64 [rows], or labels of 0 and 1, [rows, labels];
            None to not stratify.
        groups: Group numbers, int64 [rows], from 0.
        names: What each group is called in messages, [groups]; its number where left out.
        times: Times in any unit, int64 or float64 [rows], finite.
        assigned: Where the data themselves put rows, int8 [rows]: 0 for training, 1 for
            validation, 2 for testing. A split that no row is put into is taken from training.
    """

    rows: int
    split: Split
    seed: int = 0
    labels: np.ndarray | None = None
    groups: np.ndarray | None = None
    names: pa.Array | None = None
    times: np.ndarray | None = None
    assigned: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Request:
        """Return the request for some of the rows, where none is assigned."""
        return replace(
            self,
            rows=len(rows),
            labels=None if self.labels is None else self.labels[rows],
            groups=None if self.groups is None else self.groups[rows],
            times=None if self.times is None else self.times[rows],
            assigned=None,
        )

    @property
    def strata(self) -> np.ndarray:
        """By what to stratify, int64 [rows].

        A row with several labels counts for the rarest of them alone; one without any is of a
        stratum of its own.
        """
        import numpy as np

        if self.labels is None:
            return np.zeros(self.rows, np.int64)
        if self.labels.ndim == 1:
            return self.labels.astype(np.int64, copy=False)
        by_rarity = np.argsort(self.labels.sum(axis=0), kind="stable")
        held = self.labels[:, by_rarity] != 0
        stratum: np.ndarray = np.where(held.any(axis=1), held.argmax(axis=1), held.shape[1])
        return stratum.astype(np.int64)

    @property
    def order(self) -> np.ndarray:
        """When each row is, [rows]; with groups, the last time of its group."""
        import numpy as np

        assert self.times is not None
        if self.groups is None:
            return self.times
        by_time = np.lexsort((self.times, self.groups))
        last = np.flatnonzero(np.diff(self.groups[by_time], append=-1))
        latest = np.zeros(int(self.groups.max()) + 1, self.times.dtype)
        latest[self.groups[by_time[last]]] = self.times[by_time[last]]
        return np.take(latest, self.groups)


@dataclass(frozen=True, kw_only=True, eq=False)
class Division:
    """Row numbers, int64, ascending.

    Attributes:
        train: Rows to learn from.
        validation: Rows that steer training and tuning.
        test: Rows for the final measurement.
        folds: How training and validation rows are divided anew.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    folds: tuple[Fold, ...] = ()
