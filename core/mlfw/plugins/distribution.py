"""The name and the version of an installed distribution."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

FIELD = r"^{}:[ \t]*(\S.*?)[ \t]*$"


def name_and_version(distribution: Distribution) -> tuple[str, str]:
    """Return what its metadata says; two empty texts where there is none.

    `Distribution.name` and `Distribution.version` parse the whole metadata with its description,
    anew for each of them, which takes longer than all else that listing distributions does.
    """
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    header = text.partition("\n\n")[0]
    return _field("Name", header), _field("Version", header)


def _field(name: str, header: str) -> str:
    found = re.search(FIELD.format(name), header, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""
