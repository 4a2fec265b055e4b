"""What is said of columns whose values are of several types, once it is known what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mlfw import Finding, Kind, Schema

# What a reader knows: the values are text for it, whatever the column turns out to hold.
AS_TEXT = "Read as text."
AS = {
    Kind.number: "Read as numbers.",
    Kind.boolean: "Read as true and false.",
    Kind.datetime: "Read as dates and times.",
    Kind.labels: "Read as labels.",
}


def as_read(findings: Iterable[Finding], schema: Schema) -> tuple[Finding, ...]:
    """Return findings of readers that say what columns of several types were read as in the end.

    Args:
        findings: What readers have found.
        schema: What the columns hold.
    """
    kinds = {column.name: column.kind for column in schema.columns}
    kinds |= {target.name: target.column.kind for target in schema.targets}
    return tuple(
        replace(each, remedy=AS.get(kinds[each.column], AS_TEXT))
        if each.remedy == AS_TEXT and each.column in kinds
        else each
        for each in findings
    )
