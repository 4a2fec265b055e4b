"""Finding a model's columns among those of a table, under the names that libraries give them.

A CSV file's names are read without blanks around them, and a column without a name is called
`column_1`, `column_2`, ... by its place. Pandas keeps the blanks, calls it `Unnamed: 0`, and
numbers the columns of a file without a header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mlfw.errors import UserError, listing
from mlfw.hints import printable
from mlfw.schema.word_spelling import near_word

REMEDY = "Name the columns as in the training data, or leave their values empty."
UNNAMED = re.compile(r"Unnamed: (\d+)")


def alias(name: str, place: int) -> str:
    """Return what a column is called where a CSV file is read.

    Args:
        name: Its name.
        place: Its index among the columns, from 0.
    """
    name = name.strip()
    unnamed = UNNAMED.fullmatch(name)
    if unnamed:
        return f"column_{int(unnamed[1]) + 1}"
    return name or f"column_{place + 1}"


def find_columns(
    names: Sequence[str],
    wanted: Iterable[str],
    place: str,
    aliases: Mapping[int, str] | None = None,
) -> dict[str, int]:
    """Return the index of each wanted column; others are passed over, whatever their names.

    Args:
        names: The names of a table's columns, in order.
        wanted: The names looked for.
        place: What the table is called in messages.
        aliases: Other names of some columns, by index.

    Raises:
        UserError: A wanted column is missing or stands there twice.
    """
    found, missing = search_columns(names, wanted, place, aliases)
    if missing:
        shown = listing(printable(name) for name in missing)
        plural = "s" if len(missing) > 1 else ""
        raise UserError(
            f"{place}: missing column{plural} {shown}; "
            f"found {listing(printable(name) for name in names) or 'none'}.",
            rename_hint(missing, [names[i] for i in range(len(names)) if i not in found.values()]),
        )
    return found


def rename_hint(missing: Sequence[str], others: Sequence[str]) -> str:
    """Return which columns to rename so that those that are missing are there.

    Args:
        missing: The names of columns that are wanted and not there, at least one.
        others: The names of columns that are there and not wanted.
    """
    left, pairs = list(others), []
    for name in missing:
        near = near_word(name, tuple(left))
        if near:
            left.remove(near)
            pairs.append(f"'{printable(near)}' to '{printable(name)}'")
    if not pairs:
        return REMEDY
    renamed = f"Rename the column{'s' if len(pairs) > 1 else ''} {listing(pairs)}"
    rest = len(missing) - len(pairs)
    return f"{renamed}, and add the {rest} other{'s' * (rest > 1)}." if rest else f"{renamed}."


def search_columns(
    names: Sequence[str],
    wanted: Iterable[str],
    place: str,
    aliases: Mapping[int, str] | None = None,
) -> tuple[dict[str, int], list[str]]:
    """Return the index of each wanted column that is there, and which are missing.

    Raises:
        UserError: A wanted column stands there twice.
    """
    exact = _by_name(enumerate(names))
    found: dict[str, int] = {}
    rest: list[str] = []
    for name in wanted:
        if name in exact:
            found[name] = _one(exact[name], name, place)
        else:
            rest.append(name)
    if not rest:
        return found, []
    taken, known = set(found.values()), aliases or {}
    others = _by_name(
        (index, known.get(index, alias(name, index)))
        for index, name in enumerate(names)
        if index not in taken
    )
    missing = []
    for name in rest:
        under = others.get(name) or others.get(alias(name, 0))
        if under:
            found[name] = _one(under, name, place)
        else:
            missing.append(name)
    return found, missing


def _by_name(columns: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, name in columns:
        found.setdefault(name, []).append(index)
    return found


def _one(indices: list[int], name: str, place: str) -> int:
    if len(indices) > 1:
        raise UserError(
            f"{place}: the column '{printable(name)}' stands there {len(indices)} times.",
            "Rename or drop all but one of them.",
        )
    return indices[0]
