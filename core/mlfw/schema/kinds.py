"""The kinds of columns and the tasks that follow from a target."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, which decides how it is prepared, asked for and shown."""

    number = "number"
    category = "category"
    boolean = "boolean"
    datetime = "datetime"
    text = "text"


class Task(StrEnum):
    """What is to be predicted."""

    binary = "binary"
    multiclass = "multiclass"
    regression = "regression"

    @property
    def is_classification(self) -> bool:
        """Whether the target is one of a few classes."""
        return self is not Task.regression
