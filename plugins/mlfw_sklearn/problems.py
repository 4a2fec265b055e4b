"""What single estimators learn: one target each, or one label of a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlfw import Schema, Target, Task

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_onnx import Tensor


@dataclass(frozen=True)
class Problem:
    """What one estimator learns.

    Attributes:
        schema: The schema with the one target; a label is a binary target of its own.
        values: Class numbers, int64 [rows], or values, float64 [rows].
    """

    schema: Schema
    values: np.ndarray

    @property
    def weights(self) -> np.ndarray | None:
        """How much each row counts, float64 [rows]; None where all count the same."""
        import numpy as np

        weights = self.schema.only.weights
        return np.asarray(weights)[self.values] if weights else None


def repeated_rows(codes: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return row numbers in which every class stands at least so often, and how much each counts.

    All copies of a row together count as much as the row.

    Args:
        codes: Class numbers, int64 [rows].
        least: How many rows of each class are needed.

    Returns:
        Row numbers, int64 [repeated rows], and their weights, float64 [repeated rows]; None where
        there are enough rows of every class.
    """
    import numpy as np

    classes, own, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    if not len(classes) or sizes.min() >= least:
        return None
    times = -(-least // np.minimum(sizes, least))[own]
    return np.repeat(np.arange(len(codes)), times), np.repeat(1 / times, times)


def problems(rows: pa.Table, schema: Schema) -> Iterator[Problem]:
    """Yield the problems that a schema's targets pose, in order.

    Args:
        rows: Training rows.
        schema: What they are.
    """
    import numpy as np

    for target in schema.targets:
        single = schema.single(target)
        if target.task is Task.multilabel:
            held = np.asarray(single.indicators(rows).flatten()).reshape(rows.num_rows, -1)
            for index, label in enumerate(target.classes):
                yield Problem(schema.single(_label(target, label)), held[:, index].astype(np.int64))
        elif target.task.is_classification:
            yield Problem(single, np.asarray(single.codes(rows)))
        else:
            yield Problem(single, np.asarray(rows[target.name]))


def _label(target: Target, label: str) -> Target:
    return Target(column=target.column, task=Task.binary, classes=(f"not {label}", label))


def raw_predictions(schema: Schema, estimators: tuple[Any, ...], matrix: np.ndarray) -> list[Any]:
    """Return for each target what `mlfw.predictions_table` takes.

    Args:
        schema: The targets.
        estimators: One for each problem, in order.
        matrix: Prepared rows, float64 [rows, features].
    """
    import numpy as np

    values: list[Any] = []
    for target, own in _by_target(schema, estimators):
        if target.task is Task.multilabel:
            labels = [_probabilities(each, matrix, 2)[:, 1] for each in own]
            values.append(np.stack(labels, axis=1))
        elif target.task.is_classification:
            values.append(_probabilities(own[0], matrix, len(target.classes)))
        else:
            values.append(own[0].predict(matrix) if len(matrix) else np.zeros(0))
    return values


def add_predictions(schema: Schema, estimators: tuple[Any, ...], x: Tensor) -> list[Tensor]:
    """Add to an ONNX graph what computes `raw_predictions`.

    Args:
        schema: The targets.
        estimators: One for each problem, in order.
        x: Prepared rows, float64 [rows, features].

    Raises:
        UserError: An estimator has no ONNX form.
    """
    from mlfw_onnx import arrays
    from mlfw_sklearn.graphs import add_probabilities, add_values

    values: list[Tensor] = []
    for target, own in _by_target(schema, estimators):
        if target.task is Task.multilabel:
            labels = [add_probabilities(each, x, 2)[:, 1] for each in own]
            values.append(arrays.stack(labels, axis=1))
        elif target.task.is_classification:
            values.append(add_probabilities(own[0], x, len(target.classes)))
        else:
            values.append(add_values(own[0], x))
    return values


def _by_target(schema: Schema, estimators: tuple[Any, ...]) -> Iterator[tuple[Target, list[Any]]]:
    """Yield each target with its estimators: one per label, or a single one."""
    remaining = iter(estimators)
    for target in schema.targets:
        count = len(target.classes) if target.task is Task.multilabel else 1
        yield target, list(islice(remaining, count))


def _probabilities(estimator: Any, matrix: np.ndarray, classes: int) -> np.ndarray:
    """Return class probabilities, [rows, classes]; 0 for a class without training rows."""
    import numpy as np

    probabilities = np.zeros((len(matrix), classes))
    if len(matrix):
        probabilities[:, estimator.classes_] = estimator.predict_proba(matrix)
    return probabilities
