"""Words that differ in how they are written alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Blanks, underscores and hyphens between letters or digits; not the sign in `A-`.
JOINTS = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")


def spelling_key(word: str) -> str:
    """Return what words have in common that differ in case, in joints or in a full stop at the end.

    `New York`, `new-york` and `NEW_YORK` have one key, and so have `>50K` and `>50K.`; `A-` and
    `A` have two.
    """
    folded = unicodedata.normalize("NFKC", word).casefold().strip()
    return JOINTS.sub(" ", folded).rstrip(".") or folded


def alike(words: Iterable[str]) -> list[list[str]]:
    """Return the groups of words that differ in spelling alone, in the order of the words."""
    groups: dict[str, list[str]] = {}
    for word in words:
        groups.setdefault(spelling_key(word), []).append(word)
    return [group for group in groups.values() if len(group) > 1]
