"""What BentoML takes for a name or a version."""

from __future__ import annotations

import re

LONGEST = 63
TAG = re.compile(r"[a-z0-9]([-._a-z0-9]*[a-z0-9])?")


def is_tag(text: str) -> bool:
    """Tell whether BentoML takes a text for a name or a version."""
    return len(text) <= LONGEST and TAG.fullmatch(text) is not None


def tag_name(text: str) -> str:
    """Return the nearest text that BentoML takes for a name."""
    name = re.sub(r"[^-._a-z0-9]+", "-", text.lower()).strip("-._")[:LONGEST]
    return name.rstrip("-._") or "model"
