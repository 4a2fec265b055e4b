"""The name and the version of an installed distribution."""

from __future__ import annotations

import re
from importlib.metadata import Distribution

FIELD = r"^{}:[ \t]*(\S.*?)[ \t]*$"
NAME, VERSION = (
    re.compile(FIELD.format(name), re.MULTILINE | re.IGNORECASE) for name in ("Name", "Version")
)


def name_and_version(distribution: Distribution) -> tuple[str, str]:
    """Return what its metadata says; two empty texts where there is none.

    `Distribution.name` and `Distribution.version` parse the whole metadata with its description,
    anew for each of them, which takes longer than all else that listing distributions does.
    """
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    header = text.partition("\n\n")[0]
    name, version = NAME.search(header), VERSION.search(header)
    return name[1] if name else "", version[1] if version else ""
