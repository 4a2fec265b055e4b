"""Overrides as typed on the command line: `key=value`, much as in Hydra's grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mlfw.components import KINDS
from mlfw.config.values import QUOTED, parse_value
from mlfw.config.written import as_names
from mlfw.errors import UserError
from mlfw.hints import unquoted

PREFIX_AND_FIRST = re.compile(r"(?P<prefix>[+~]{0,2})(?P<first>[\w/@-]+)(?=[.=]|$)")
PART = re.compile(rf"\.(?P<quoted>{QUOTED.pattern})(?=[.=]|\Z)|\.(?P<plain>[^.=]*)", re.DOTALL)
MOST_PARTS = 100


@dataclass(frozen=True)
class Given:
    """One override.

    Attributes:
        text: As it was typed.
        parts: The parts of the key, without a prefix.
        value: What the value means, `Written` where how it is written may count; for a group the
            name or names selected.
        is_group: Whether it selects a component.
        is_deletion: Whether it takes a key away (`~key`).
    """

    text: str
    parts: tuple[str, ...]
    value: Any
    is_group: bool
    is_deletion: bool = False

    @property
    def key(self) -> str:
        """The dotted key."""
        return ".".join(self.parts)


def parse_overrides(texts: list[str]) -> list[Given]:
    """Parse overrides.

    A part of a key may be quoted, as names with dots and equals signs in them have to be:
    `dataset.columns."a.b"=category`.

    Raises:
        UserError: One is not of the form `key=value`.
    """
    return [_parse(text) for text in texts]


def _parse(text: str) -> Given:
    match = PREFIX_AND_FIRST.match(text)
    parts, end = _parts(text, match) if match else ((), 0)
    deletion = bool(match and "~" in match["prefix"])
    if match is None or (text[end : end + 1] != "=" and not deletion):
        raise UserError(
            f"'{text}': expected key=value.",
            "For example: model=svm model.C=2. A configuration file ends in .yaml and comes first.",
        )
    if deletion:
        return Given(text, parts, None, is_group=False, is_deletion=True)
    value = parse_value(text[end + 1 :])
    if parts[0] in KINDS and len(parts) == 1:
        value = as_names(value, parts[0])
    is_group = ".".join(parts) in KINDS and isinstance(value, str | list)
    return Given(text, parts, value, is_group=is_group)


def _parts(text: str, first: re.Match[str]) -> tuple[tuple[str, ...], int]:
    """Return the parts of a key and where it ends."""
    parts, end = [first["first"]], first.end()
    while match := PART.match(text, end):
        if len(parts) >= MOST_PARTS:
            raise UserError(f"'{text[:60]}...': a key has at most {MOST_PARTS} parts.")
        parts.append(match["plain"] if match["quoted"] is None else unquoted(match["quoted"]))
        end = match.end()
    return tuple(parts), end
