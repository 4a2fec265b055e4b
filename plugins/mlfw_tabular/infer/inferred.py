"""What has been found out about a column."""

from __future__ import annotations

from dataclasses import dataclass

from mlfw import Kind

# So many first values may rule a form out before all are read by it.
HEAD = 1000


@dataclass(frozen=True)
class Inferred:
    """What has been found out about a column.

    Attributes:
        kind: What it holds.
        format: How a value is written, where that is not the kind's usual way; see
            `mlfw.schema.formats`.
        note: What a person should know of, such as a choice that the values leave open.
    """

    kind: Kind
    format: str = ""
    note: str = ""


def ambiguous(name: str, kind: Kind, example: object, taken: str, other: str) -> str:
    """Return a note on values that can be read in two ways."""
    return (
        f"Values such as {example} can be read in two ways; taken was {taken}. For the other: "
        f"dataset.columns.{name}='{kind} {other}'"
    )
