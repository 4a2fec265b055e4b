"""Words that differ in how they are written alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

NEAR = 0.75
# Comparing a word with more others, or a longer one, takes too long for a message.
MOST_COMPARED, LONGEST_COMPARED = 2000, 100
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


def same_word(word: str, known: tuple[str, ...]) -> str:
    """Return the known word that differs from a word in spelling alone; empty where none does."""
    return _by_key(known).get(spelling_key(word), "")


def near_word(word: str, known: tuple[str, ...]) -> str:
    """Return the known word that was probably meant by a word; empty where none is near.

    Words with different digits are never near each other: `A12` is another code than `A13`.
    """
    same = same_word(word, known)
    if same or len(known) > MOST_COMPARED or len(word) > LONGEST_COMPARED:
        return same
    digits = _digits(word)
    keys = {key: other for key, other in _by_key(known).items() if _digits(other) == digits}
    close = get_close_matches(spelling_key(word), keys, n=1, cutoff=NEAR)
    return keys[close[0]] if close else ""


@lru_cache(maxsize=256)
def _by_key(known: tuple[str, ...]) -> dict[str, str]:
    """Return words by their keys, the first one of each."""
    return {spelling_key(word): word for word in reversed(known)}


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))
