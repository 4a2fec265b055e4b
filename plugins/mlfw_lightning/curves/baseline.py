"""The loss of the best constant prediction, which every network should beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlfw import Task
from mlfw_lightning.heads import Head
from mlfw_tabular import TARGET

if TYPE_CHECKING:
    from mlfw_tabular import Arrays

BLOCK_ROWS = 65_536
MOST_ROWS = 1_000_000


def constant_loss(heads: Sequence[Head], rows: Arrays) -> float:
    """Return the mean loss of the best prediction that is the same for all rows.

    It is the entropy of the classes or labels, and the variance of scaled values; weighed as the
    heads weigh. Of more than a million rows the first million count.

    Args:
        heads: What is predicted, in the order of the rows' targets.
        rows: The training rows.
    """
    sums = [np.zeros(head.outputs if head.task is not Task.regression else 2) for head in heads]
    count = min(rows.rows, MOST_ROWS)
    for start in range(0, count, BLOCK_ROWS):
        block = rows.read(start, min(start + BLOCK_ROWS, count))
        for index, head in enumerate(heads):
            sums[index] += _sums(head, np.asarray(block[f"{TARGET}/{index}"]))
    return sum(_loss(head, total, count) for head, total in zip(heads, sums, strict=True))


def _sums(head: Head, target: np.ndarray) -> np.ndarray:
    """Return rows by class, rows by label, or the sums of values and of their squares."""
    if head.task is Task.regression:
        return np.array([target.sum(dtype=float), np.square(target, dtype=float).sum()])
    if head.task is Task.multilabel:
        totals: np.ndarray = target.sum(axis=0, dtype=float)
        return totals
    return np.bincount(target, minlength=head.outputs).astype(float)


def _loss(head: Head, sums: np.ndarray, count: int) -> float:
    if head.task is Task.regression:
        loss = sums[1] / count - (sums[0] / count) ** 2
    elif head.task is Task.multilabel:
        shares = sums / count
        loss = float(np.mean(_surprise(shares) + _surprise(1 - shares)))
    else:
        weighed = sums / count * (head.weights or 1.0)
        loss = float(_surprise(weighed / weighed.sum()).sum() * weighed.sum())
    return float(loss) * head.importance


def _surprise(shares: np.ndarray) -> np.ndarray:
    """Return -p log p, 0 where p is 0."""
    terms: np.ndarray = -shares * np.log(np.where(shares > 0, shares, 1.0))
    return terms
