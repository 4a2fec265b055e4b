"""Typed columns: what a model takes and gives."""

from mlfw.schema.cast import storage_type
from mlfw.schema.conform import conform, empty_rows
from mlfw.schema.durations import is_duration
from mlfw.schema.kinds import Kind, Task
from mlfw.schema.predictions import (
    LEAST_LABEL_PROBABILITY,
    class_labels,
    free_name,
    prediction_name,
    predictions_table,
    probability_matrix,
    probability_names,
)
from mlfw.schema.schema import Column, Schema, Target

__all__ = [
    "LEAST_LABEL_PROBABILITY",
    "Column",
    "Kind",
    "Schema",
    "Target",
    "Task",
    "class_labels",
    "conform",
    "empty_rows",
    "free_name",
    "is_duration",
    "prediction_name",
    "predictions_table",
    "probability_matrix",
    "probability_names",
    "storage_type",
]
