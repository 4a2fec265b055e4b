"""Overrides as typed on the command line: `key=value`, in Hydra's grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mlfw.components import KINDS
from mlfw.errors import UserError

KEY_AND_VALUE = re.compile(r"(?P<key>[+~]{0,2}[\w./@-]+)=(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True)
class Given:
    """One override.

    Attributes:
        text: As Hydra is given it.
        key: The dotted key, without a prefix.
        value: The parsed value; for a group the name or names selected.
        is_group: Whether it selects a component.
        is_deletion: Whether it takes a key away (`~key`).
    """

    text: str
    key: str
    value: Any
    is_group: bool
    is_deletion: bool = False


def parse_overrides(texts: list[str]) -> list[Given]:
    """Parse overrides, taking a value that Hydra's grammar cannot read as plain text.

    Raises:
        UserError: One is not of the form `key=value`.
    """
    return [_parse(text) for text in texts]


def _parse(text: str) -> Given:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    match = KEY_AND_VALUE.fullmatch(text)
    if match is None and not text.startswith("~"):
        raise UserError(
            f"'{text}': expected key=value.",
            "For example: model=svm model.C=2. A configuration file ends in .yaml and comes first.",
        )
    parser = OverridesParser.create()
    try:
        override = parser.parse_override(text)
        if override.is_sweep_override():
            raise UserError(
                f"'{text}': found several values, expected one.",
                f"For a list type {_key(text)}=[{text.partition('=')[2]}]; "
                f"for one text with commas in it type '{_key(text)}=\"...\"'; "
                "to try several values use tuner=grid.",
            )
    except HydraException:
        assert match is not None
        text = f"{match['key']}={_quoted(match['value'])}"
        override = parser.parse_override(text)
    key = override.key_or_group
    value = None if override.is_delete() else _plain_value(override.value())
    return Given(
        text=text,
        key=key,
        value=value,
        is_group=key in KINDS and isinstance(value, str | list),
        is_deletion=override.is_delete(),
    )


def _key(text: str) -> str:
    return text.partition("=")[0]


def _quoted(value: str) -> str:
    """Return as plain text a value, or the items of a list, that Hydra's grammar cannot read."""
    plain_list = re.fullmatch(r"\[([^\[\]{}'\"]+)\]", value)
    if plain_list:
        return f"[{','.join(_quoted(item.strip()) for item in plain_list[1].split(','))}]"
    escaped = value.replace("'", "\\'")
    return f"'{escaped}'"


def _plain_value(value: Any) -> Any:
    from hydra.core.override_parser.types import QuotedString

    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain_value(item) for item in value]
    if isinstance(value, dict):
        return {str(_plain_value(key)): _plain_value(item) for key, item in value.items()}
    return value
