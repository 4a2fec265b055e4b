"""The kinds of columns and the tasks that follow from a target."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, which decides how it is prepared, asked for and shown.

    An image is the content of a PNG, JPEG or similar file. Labels are any number of a few words
    for each row, and stand in targets only.
    """

    number = "number"
    category = "category"
    boolean = "boolean"
    datetime = "datetime"
    text = "text"
    image = "image"
    labels = "labels"


class Task(StrEnum):
    """What is to be predicted."""

    binary = "binary"
    multiclass = "multiclass"
    multilabel = "multilabel"
    regression = "regression"

    @property
    def is_classification(self) -> bool:
        """Whether the target is one of a few classes."""
        return self in (Task.binary, Task.multiclass)
