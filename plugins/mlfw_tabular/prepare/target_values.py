"""Sums of targets over groups of rows, for encoders that learn from targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlfw import Schema, Target, Task

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class TargetValues:
    """The targets of training rows as numbers.

    A value to regress on is one number, two classes are one (the second class or not), more
    classes and labels are one each.

    Attributes:
        names: What the numbers are, [numbers].
        parts: Of each target its task, how many classes it has, and class numbers (int64 [rows]),
            indicators of labels (int8 [rows, labels]) or values (float64 [rows]).
    """

    names: tuple[str, ...]
    parts: tuple[tuple[Task, int, np.ndarray], ...]

    @classmethod
    def of(cls, rows: pa.Table, schema: Schema) -> TargetValues:
        """Read the targets of conformed rows."""
        names = tuple(name for target in schema.targets for name in _names(schema, target))
        parts = tuple(
            (target.task, len(target.classes), _values(rows, schema.single(target)))
            for target in schema.targets
        )
        return cls(names, parts)

    def sums(self, groups: np.ndarray, count: int) -> np.ndarray:
        """Return the sum of each number over the rows of each group, float64 [count, numbers].

        Args:
            groups: Each row's group, int64 [rows], from 0 to below `count`.
            count: How many groups there are.
        """
        import numpy as np

        return np.stack(
            [column for part in self.parts for column in _sums(*part, groups, count)], axis=1
        )


def _sums(
    task: Task, classes: int, values: np.ndarray, groups: np.ndarray, count: int
) -> Iterator[np.ndarray]:
    import numpy as np

    if task.is_classification:
        pairs = np.bincount(groups * classes + values, minlength=count * classes)
        table = pairs.reshape(count, classes).astype(np.float64)
        yield from table.T[1:] if task is Task.binary else table.T
    elif task is Task.multilabel:
        for label in values.T:
            yield np.bincount(groups, label, count)
    else:
        yield np.bincount(groups, values, count)


def _names(schema: Schema, target: Target) -> list[str]:
    if target.task is Task.regression:
        return [f"mean {target.name}"]
    several = f"{target.name} " if len(schema.targets) > 1 else ""
    classes = target.classes[1:] if target.task is Task.binary else target.classes
    return [f"share of {several}{name}" for name in classes]


def _values(rows: pa.Table, schema: Schema) -> np.ndarray:
    import numpy as np

    if schema.task.is_classification:
        return np.asarray(schema.codes(rows))
    if schema.task is Task.multilabel:
        held = schema.indicators(rows)
        return np.asarray(held.flatten()).reshape(len(held), -1)
    return np.asarray(rows[schema.target.name].to_numpy(), dtype=np.float64)
