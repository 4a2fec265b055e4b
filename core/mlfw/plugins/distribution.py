"""What installed distributions are called, and which of them bring plugins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

FIELD = r"^{}:[ \t]*(\S.*?)[ \t]*$"


def name_and_version(distribution: Distribution) -> tuple[str, str]:
    """Return what its metadata says; two empty texts where there is none.

    `Distribution.name` and `Distribution.version` parse the whole metadata with its description,
    anew for each of them, which takes longer than all else that listing distributions does.
    """
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    header = text.partition("\n\n")[0]
    return _field("Name", header), _field("Version", header)


def entry_points_of(group: str) -> list[EntryPoint]:
    """Return the entry points of a group, as `importlib.metadata.entry_points` does.

    That function parses the entry points of every installed distribution, which takes most of the
    time of a command that loads nothing else; here only those are parsed that name the group.

    Args:
        group: The group's name.
    """
    from importlib.metadata import distributions

    header = f"[{group}]"
    found: dict[str, Distribution] = {}
    for number, each in enumerate(distributions()):
        if header in (each.read_text("entry_points.txt") or ""):
            name = re.sub(r"[-_.]+", "-", name_and_version(each)[0]).lower()
            found.setdefault(name or str(number), _first(name) or each)
    return [point for each in found.values() for point in each.entry_points.select(group=group)]


def _first(name: str) -> Distribution | None:
    """Return the first distribution of a name on the path, which is the one that is imported."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution(name) if name else None
    except PackageNotFoundError:
        return None


def _field(name: str, header: str) -> str:
    found = re.search(FIELD.format(name), header, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""
