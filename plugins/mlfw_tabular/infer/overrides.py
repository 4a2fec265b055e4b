"""What a person says a column holds: `category`, `datetime %d/%m/%Y`, `number #.###,# €`."""

from __future__ import annotations

from typing import Any

from mlfw import Kind, UserError
from mlfw.errors import did_you_mean
from mlfw.hints import dotted
from mlfw.schema.formats import check_format
from mlfw_tabular.infer.inferred import Inferred


def parse_override(name: str, text: str, place: str = "") -> Inferred:
    """Return what a person says a column holds.

    Args:
        name: The column's name.
        text: A kind, and after a blank how its values are written, where that is to be given;
            without it, that is found from the values.
        place: What to call the place in messages; by default `dataset.columns.<name>`.

    Raises:
        UserError: There is no such kind, or it cannot be written so.
    """
    word, _, written = text.strip().partition(" ")
    place = place or dotted("dataset.columns", name)
    return check_override(word, written.strip(), place, place)


def check_override(word: Any, written: str, place: str, format_place: str) -> Inferred:
    """Return a kind by its word and a checked format; see `parse_override`.

    Args:
        word: The kind.
        written: The format.
        place: What to call the kind's place in messages.
        format_place: What to call the format's place.
    """
    try:
        kind = Kind(word)
    except ValueError:
        kinds = [each.value for each in Kind]
        raise UserError(
            f"{place}: expected a kind ({', '.join(kinds)}), found {word!r}.",
            did_you_mean(str(word), kinds, listed=True),
        ) from None
    try:
        check_format(kind, written)
    except ValueError as error:
        raise UserError(
            f"{format_place}: '{written}' is no form of a {kind}: {error}.",
            "A date is written like %d.%m.%Y, a number like $#,###.#, labels with ; between them.",
        ) from None
    return Inferred(kind, written)
