"""Dividing rows: the same seed gives the same split on every machine and for every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Split, UserError

if TYPE_CHECKING:
    import numpy as np


def divide(
    rows: int, labels: np.ndarray | None, split: Split, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which rows are for training, validation and testing.

    Every row is given a random number; within each class, the lowest go to the test split, the
    next to validation, the rest to training. A class of one row is left for training.

    Args:
        rows: How many rows there are.
        labels: Class numbers, int64 [rows]; None divides without regard to classes.
        split: The shares.
        seed: What the random numbers follow from.

    Returns:
        Row numbers in ascending order, int64, for training, validation and testing.

    Raises:
        UserError: A split would be empty.
    """
    import numpy as np

    order = np.random.default_rng(seed).random(rows)
    place = _place_in_class(order, labels if labels is not None else np.zeros(rows, np.int64))
    test = np.flatnonzero(place < split.test)
    validation = np.flatnonzero((place >= split.test) & (place < split.test + split.validation))
    train = np.flatnonzero(place >= split.test + split.validation)
    for name, part in (("training", train), ("validation", validation), ("test", test)):
        if not len(part):
            raise UserError(
                f"split: {rows} rows leave none for the {name} split.",
                "Give more rows, or change split.validation and split.test.",
            )
    return train, validation, test


def _place_in_class(order: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return where each row stands within its class, evenly spaced in (0, 1), float64 [rows]."""
    import numpy as np

    sizes = np.bincount(labels)
    by_class = np.lexsort((order, labels))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rank = np.empty(len(order), np.int64)
    rank[by_class] = np.arange(len(order)) - starts[labels[by_class]]
    place: np.ndarray = (rank + 0.5) / sizes[labels]
    return place
