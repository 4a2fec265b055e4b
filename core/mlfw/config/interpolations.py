"""Bounding the references `${...}` of a configuration before any is resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlfw.errors import UserError

MOST = 200
MOST_NESTED = 5
MOST_CHARACTERS = 10_000
MOST_RESOLVED = 2_000
MOST_EXPANDED = 1_000_000
REFERENCE = re.compile(
    r"\$\{\s*(?:oc\.(?:select|deprecated|dict\.keys|dict\.values)\s*:)?\s*([^${}:,]*)"
)

Path = tuple[str, ...]


def check_interpolations(values: Mapping[str, Any]) -> None:
    """Check that the references in a configuration are few, and resolve to little.

    Args:
        values: The configuration as plain data.

    Raises:
        UserError: There are too many, or one is too long, nested too deeply or grows too much.
    """
    texts = dict(_texts(values, ()))
    if sum(text.count("${") for text in texts.values()) > MOST:
        raise UserError(f"configuration: more than {MOST} references of the form ${{...}}.")
    for path, text in texts.items():
        place = ".".join(path)
        if len(text) > MOST_CHARACTERS:
            raise UserError(f"{place}: more than {MOST_CHARACTERS:,} characters with ${{...}}.")
        if _nesting(text) > MOST_NESTED:
            raise UserError(f"{place}: ${{...}} is nested more than {MOST_NESTED} deep.")
    sizes = _Sizes(texts, values)
    for path in texts:
        resolved, characters = sizes.of(path)
        if resolved > MOST_RESOLVED or characters > MOST_EXPANDED:
            raise UserError(
                f"{'.'.join(path)}: its ${{...}} refer to others that refer to others, "
                f"more than {MOST_RESOLVED:,} times or {MOST_EXPANDED:,} characters in all."
            )


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield all texts with references and where they stand."""
    if isinstance(value, str):
        if "${" in value:
            yield path, value
        return
    items: Any = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for name, item in items:
        yield from _texts(item, (*path, str(name)))


def _nesting(text: str) -> int:
    depth = deepest = 0
    for sign in re.findall(r"\$\{|\{|\}", text):
        depth = depth - 1 if sign == "}" else depth + 1
        deepest = max(deepest, depth)
    return deepest


class _Sizes:
    """How often something is resolved, and how long it grows, for each text with references."""

    def __init__(self, texts: Mapping[Path, str], values: Mapping[str, Any]) -> None:
        self._texts, self._values = texts, values
        self._known: dict[Path, tuple[int, int]] = {}

    def of(self, path: Path) -> tuple[int, int]:
        """Return resolutions and characters for the text at a path."""
        if path not in self._known:
            self._known[path] = (0, 0)  # a circle ends here, and OmegaConf refuses it
            resolved, characters = 1, len(self._texts[path])
            for reference in REFERENCE.findall(self._texts[path]):
                below, length = self._referred(reference.strip(), path)
                resolved, characters = resolved + below, characters + length
            self._known[path] = (
                min(resolved, MOST_RESOLVED + 1),
                min(characters, MOST_EXPANDED + 1),
            )
        return self._known[path]

    def _referred(self, reference: str, path: Path) -> tuple[int, int]:
        """Return resolutions and characters of all that a reference leads to."""
        parts = tuple(part for part in re.split(r"[.\[\]]+", reference) if part)
        dots = len(reference) - len(reference.lstrip("."))
        target = (*path[: len(path) - dots], *parts) if dots else parts
        inside = [self.of(own) for own in self._texts if own[: len(target)] == target]
        value: Any = self._values
        for part in target:
            value = value.get(part) if isinstance(value, Mapping) else None
        length = len(value) if isinstance(value, str) else 0
        return sum(count for count, _ in inside), max(length, sum(size for _, size in inside))
