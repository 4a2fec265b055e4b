"""What is done about classes of very different sizes."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from mlfw import Schema, UserError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class Balance(StrEnum):
    """How classes of different sizes are balanced in training.

    `weights` lets a row of a small class count more, `oversample` repeats rows of small classes.
    """

    none = "none"
    weights = "weights"
    oversample = "oversample"


def balance(train: pa.Table, schema: Schema, how: Balance, seed: int) -> tuple[pa.Table, Schema]:
    """Balance training rows by the classes of the first target that has classes.

    Args:
        train: The training rows.
        schema: What they are.
        how: What to do.
        seed: What decides which rows are repeated.

    Returns:
        The training rows, repeated where asked, and the schema, with weights where asked. All
        weights of the training rows together are their number, as in King and Zeng, Logistic
        Regression in Rare Events Data (2001).

    Raises:
        UserError: No target has classes.
    """
    if how is Balance.none:
        return train, schema
    place = _balanced_target(schema, how)
    import numpy as np

    codes = balanced_codes(train, schema, how)
    if how is Balance.oversample:
        return train.take(repeated_rows(codes, seed)), schema
    targets = list(schema.targets)
    sizes = np.bincount(codes, minlength=len(targets[place].classes))
    targets[place] = replace(targets[place], weights=class_weights(sizes))
    return train, replace(schema, targets=tuple(targets))


def balanced_codes(rows: pa.Table, schema: Schema, how: Balance) -> np.ndarray:
    """Return the class numbers that rows are balanced by, int64 [rows]."""
    import numpy as np

    target = schema.targets[_balanced_target(schema, how)]
    return np.asarray(schema.single(target).codes(rows))


def _balanced_target(schema: Schema, how: Balance) -> int:
    place = next((i for i, t in enumerate(schema.targets) if t.task.is_classification), None)
    if place is None:
        raise UserError(
            f"dataset.balance={how}: no target has classes to be balanced.",
            "Set dataset.balance=none.",
        )
    return place


def class_weights(sizes: np.ndarray) -> tuple[float, ...]:
    """Return how much a row of each class counts, so that all classes count the same.

    Args:
        sizes: How many training rows each class has, [classes].
    """
    import numpy as np

    present = np.count_nonzero(sizes)
    weights = np.where(sizes > 0, sizes.sum() / (present * np.maximum(sizes, 1)), 1.0)
    return tuple(float(weight) for weight in weights)


def repeated_rows(codes: np.ndarray, seed: int) -> np.ndarray:
    """Return row numbers, ascending, in which every class stands as often as the largest."""
    import numpy as np

    random = np.random.default_rng(seed)
    most = np.bincount(codes).max()
    rows = []
    for code in np.unique(codes):
        own = np.flatnonzero(codes == code)
        times, rest = divmod(int(most), len(own))
        rows += [np.tile(own, times), random.permutation(own)[:rest]]
    return np.sort(np.concatenate(rows))
