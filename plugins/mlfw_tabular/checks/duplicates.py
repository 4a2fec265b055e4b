"""Rows that stand there more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlfw import Action
from mlfw.components.splits import TEST, TRAIN, VALIDATION
from mlfw_tabular.checks.base import LeavesRowsOut, Problem
from mlfw_tabular.checks.parts import Parts
from mlfw_tabular.checks.rows import Rows
from mlfw_tabular.checks.same_rows import by_chance, groups
from mlfw_tabular.checks.values import codes

if TYPE_CHECKING:
    import numpy as np


class Duplicates(LeavesRowsOut[Rows]):
    """Rows that are the same in every column, unless the columns hold too few different values."""

    name = "duplicates"
    default = Action.warn
    mend = "keep the first of each"
    mended = "Kept the first of each."

    def find(self, data: Rows) -> list[Problem]:
        """Return the rows that repeat an earlier one."""
        import numpy as np

        columns = list(data.arrays.values())
        rows, hashes = groups(columns)
        _, first = np.unique(hashes, return_index=True)
        again = np.ones(len(rows), bool)
        again[first] = False
        found = int(again.sum())
        if not found or by_chance(columns, data.count):
            return []
        where = np.zeros(data.count, bool)
        where[rows[again]] = True
        message = f"repeated rows: {found:,} of {data.count:,}"
        return [Problem(message=message, rows=found, where=where)]


class Overlap(LeavesRowsOut[Parts]):
    """Training rows that stand among the validation or test rows too, so that scores flatter."""

    name = "overlap"
    default = Action.warn
    mend = "leave them out of training"
    mended = "Left out of training."

    def find(self, data: Parts) -> list[Problem]:
        """Return the training rows that stand in another split."""
        import numpy as np
        import pyarrow as pa

        names = [*data.inputs, *(target.name for target in data.schema.targets)]
        splits = [data.arrays[split] for split in (TRAIN, VALIDATION, TEST)]
        columns = [pa.chunked_array([arrays[name] for arrays in splits]) for name in names]
        count = data.count(TRAIN)
        rows, hashes = groups(columns)
        shared = np.isin(hashes[rows < count], hashes[rows >= count])
        where = np.zeros(count, bool)
        where[rows[rows < count][shared]] = True
        where = _without_last(where, data)
        found = int(where.sum())
        if not found or by_chance(columns, len(columns[0])):
            return []
        message = f"training rows that validation or test hold too: {found:,} of {count:,}"
        return [Problem(message=message, rows=found, where=where)]


def _without_last(where: np.ndarray, data: Parts) -> np.ndarray:
    """Unmark all rows of a class that would be lost to training, or all rows if all are marked."""
    import numpy as np

    for target in data.schema.targets:
        if target.task.is_classification:
            own, _ = codes(data.arrays[TRAIN][target.name])
            left = np.bincount(own[~where], minlength=own.max() + 1)
            where = where & (left[own] > 0)
    return where if not where.all() else np.zeros(len(where), bool)
