"""Typed columns: what a model takes and gives."""

from mlfw.schema.conform import conform
from mlfw.schema.kinds import Kind, Task
from mlfw.schema.predictions import predictions_table, probability_matrix
from mlfw.schema.schema import Column, Schema, Target

__all__ = [
    "Column",
    "Kind",
    "Schema",
    "Target",
    "Task",
    "conform",
    "predictions_table",
    "probability_matrix",
]
