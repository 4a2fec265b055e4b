"""The table of predictions that every model returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlfw.schema.cast import cast
from mlfw.schema.kinds import Kind, Task
from mlfw.schema.schema import Schema, Target

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PREDICTION = "prediction"
PROBABILITY = "probability"
LEAST_LABEL_PROBABILITY = 0.5


def prediction_name(schema: Schema, target: Target) -> str:
    """Return the name of a target's column of predictions.

    It is `prediction`, or `prediction_<target>` where there are several targets.
    """
    return PREDICTION if len(schema.targets) == 1 else f"{PREDICTION}_{target.name}"


def probability_names(schema: Schema, target: Target | None = None) -> list[str]:
    """Return the names of a target's probability columns, one a class, in the classes' order.

    They are `probability_<class>`, or `probability_<target>_<class>` where there are several
    targets.

    Args:
        schema: The model's schema.
        target: One of its targets; left out, the only one.
    """
    target = target or schema.only
    prefix = PROBABILITY if len(schema.targets) == 1 else f"{PROBABILITY}_{target.name}"
    return [f"{prefix}_{name}" for name in target.classes]


def predictions_table(schema: Schema, values: Any) -> pa.Table:
    """Return the table of predictions that stands for a model's raw output.

    Args:
        schema: The model's schema.
        values: For classification the class probabilities, float [rows, classes] in the order of
            the target's classes; for multi-label each label's probability, float [rows, labels];
            for regression the predicted values, float [rows]. Where there are several targets, a
            sequence of these in the targets' order.

    Returns:
        The column `prediction` and, for classification, one column `probability_<class>` a class;
        with several targets these for each, with the target's name in theirs. A predicted class
        has the type of the target: bool, int64 or string; predicted labels are a list.
    """
    import pyarrow as pa

    each: Sequence[Any] = [values] if len(schema.targets) == 1 else values
    columns: dict[str, pa.Array] = {}
    for target, raw in zip(schema.targets, each, strict=True):
        columns |= _columns(schema, target, raw)
    return pa.table(columns)


def _columns(schema: Schema, target: Target, raw: Any) -> dict[str, pa.Array]:
    import numpy as np
    import pyarrow as pa

    values = np.asarray(raw, dtype=np.float64)
    name = prediction_name(schema, target)
    if target.task is Task.regression:
        return {name: pa.array(values.reshape(-1))}
    predicted = (
        _likely_labels(target, values)
        if target.task is Task.multilabel
        else class_labels(target).take(pa.array(values.argmax(axis=1)))
    )
    probabilities = {
        column: pa.array(np.ascontiguousarray(values[:, index]))
        for index, column in enumerate(probability_names(schema, target))
    }
    return {name: predicted, **probabilities}


def _likely_labels(target: Target, values: np.ndarray) -> pa.Array:
    """Return each row's labels of probability 0.5 or more, list<string> [rows]."""
    import numpy as np
    import pyarrow as pa

    likely = values >= LEAST_LABEL_PROBABILITY
    offsets = np.concatenate([[0], np.cumsum(likely.sum(axis=1))]).astype(np.int32)
    labels = class_labels(target).take(pa.array(np.nonzero(likely)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets), labels)


def single_predictions(schema: Schema, target: Target, predictions: pa.Table) -> pa.Table:
    """Return the predictions of one target, named as though it were the only one."""
    if len(schema.targets) == 1:
        return predictions
    own = [prediction_name(schema, target), *probability_names(schema, target)]
    single = schema.single(target)
    return predictions.select(own).rename_columns([PREDICTION, *probability_names(single)])


def probability_matrix(schema: Schema, predictions: pa.Table) -> Any:
    """Return the only target's probabilities, float64 [rows, classes]."""
    import numpy as np

    return np.stack([predictions[name].to_numpy() for name in probability_names(schema)], axis=1)


def class_labels(target: Target) -> pa.Array:
    """Return the classes in the target's own type, [classes]."""
    import pyarrow as pa

    labels = pa.array(target.classes, pa.string())
    if target.column.kind is Kind.boolean:
        return cast(labels, Kind.boolean)
    if target.column.kind is Kind.number:
        return labels.cast(pa.int64() if target.column.integer else pa.float64())
    return labels
