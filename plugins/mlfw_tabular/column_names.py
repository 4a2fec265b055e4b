"""Hints for names of columns that a table does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlfw.hints import override

MOST_NEAR = 3
AROUND = " '\"[]{}"  # what an override takes as its own around a name


def quoting_hint(key: str, name: str, names: Sequence[str], kinds: Mapping[str, str]) -> str:
    """Return what to type for columns whose names differ only in quotes, brackets or blanks.

    Args:
        key: The key that names the column, such as `dataset.target`.
        name: The name as it was understood.
        names: The table's columns.
        kinds: `dataset.columns`, the kind that was set for each name.

    Returns:
        A line for each such column; empty where there is none.
    """
    bare = name.strip(AROUND)
    near = [other for other in names if other.strip(AROUND) == bare][:MOST_NEAR]
    typed = [
        override(key, kinds[name], name=other) if key == "dataset.columns" else override(key, other)
        for other in near
    ]
    lines = [
        f"If '{other}' is meant, type: {each}" for other, each in zip(near, typed, strict=True)
    ]
    return "\n  ".join(lines)
