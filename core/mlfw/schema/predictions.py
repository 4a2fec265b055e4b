"""The table of predictions that every model returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlfw.schema.cast import cast
from mlfw.schema.kinds import Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from mlfw.schema.schema import Schema

PREDICTION = "prediction"


def probability_names(schema: Schema) -> list[str]:
    """Return the names of the probability columns, one a class, in the classes' order."""
    return [f"probability_{name}" for name in schema.classes]


def predictions_table(schema: Schema, values: Any) -> pa.Table:
    """Return the table of predictions that stands for a model's raw output.

    Args:
        schema: The model's schema.
        values: For classification the class probabilities, float [rows, classes] in the order of
            `schema.classes`; for regression the predicted values, float [rows].

    Returns:
        The column `prediction` and, for classification, one column `probability_<class>` a class.
        A predicted class has the type of the target: bool, int64 or string.
    """
    import numpy as np
    import pyarrow as pa

    values = np.asarray(values, dtype=np.float64)
    if not schema.task.is_classification:
        return pa.table({PREDICTION: pa.array(values.reshape(-1))})
    labels = class_labels(schema).take(pa.array(values.argmax(axis=1)))
    columns = {PREDICTION: labels}
    for index, name in enumerate(probability_names(schema)):
        columns[name] = pa.array(np.ascontiguousarray(values[:, index]))
    return pa.table(columns)


def probability_matrix(schema: Schema, predictions: pa.Table) -> Any:
    """Return the class probabilities of a table of predictions, float64 [rows, classes]."""
    import numpy as np

    return np.stack([predictions[name].to_numpy() for name in probability_names(schema)], axis=1)


def class_labels(schema: Schema) -> pa.Array:
    """Return the classes in the target's own type, [classes]."""
    import pyarrow as pa

    labels = pa.array(schema.classes, pa.string())
    if schema.target.kind is Kind.boolean:
        return cast(labels, Kind.boolean)
    if schema.target.kind is Kind.number:
        return labels.cast(pa.int64() if schema.target.integer else pa.float64())
    return labels
