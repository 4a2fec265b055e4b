"""What has been found out about a column."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlfw import Kind
from mlfw.hints import override

# So many first values may rule a form out before all are read by it.
HEAD = 1000


@dataclass(frozen=True)
class Note:
    """What a person should know of how a column was read.

    Attributes:
        message: What was found, in one sentence.
        remedy: What to type where it was meant otherwise, in one sentence.
    """

    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return both sentences."""
        return f"{self.message} {self.remedy}".strip()


@dataclass(frozen=True)
class Inferred:
    """What has been found out about a column.

    Attributes:
        kind: What it holds.
        format: How a value is written, where that is not the kind's usual way; see
            `mlfw.schema.formats`.
        notes: What a person should know of, such as a choice that the values leave open.
        missing: The words that mean a missing value, where the column has some of its own; see
            `Column.missing_words`.
        other: Another form that the values may have as well; what else the table holds decides.
        point: What stands before decimals, where the values leave no doubt of it.
    """

    kind: Kind
    format: str = ""
    notes: tuple[Note, ...] = ()
    missing: tuple[str, ...] | None = None
    other: str = field(default="", compare=False)
    point: str = field(default="", compare=False)


def ambiguous(
    name: str, kind: Kind, example: object, taken: str, other: str, why: str = ""
) -> Note:
    """Return a note on values that can be read in two ways."""
    reason = f", as {why}" if why else ""
    return Note(
        f"Values such as {example} can be read in two ways; taken was {taken}{reason}.",
        f"For the other: {override('dataset.columns', f'{kind} {other}', name=name)}",
    )
