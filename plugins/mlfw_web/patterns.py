"""Regular expressions of RE2, as the schema uses them, in JavaScript's syntax."""

from __future__ import annotations

import re

# JavaScript's \s holds more than RE2's.
SPACES = r"\t\n\f\r "
TOKEN = re.compile(
    r"""
    (?P<flag>\(\?i\)) | \(\?i:(?P<folded>) | \(\?P<(?P<name>\w+)>
    | \\x\{(?P<code>[0-9a-f]+)\} | (?P<space>\\s) | (?P<escaped>\\.) | (?P<bracket>[\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)


def javascript(pattern: str) -> str:
    """Return a pattern of RE2 in JavaScript's syntax, for use without the flags `u` and `v`.

    Args:
        pattern: What `mlfw.schema` makes. Where a part of it ignores case, give the flag `i`.
    """
    within = False  # a class

    def replaced(found: re.Match[str]) -> str:
        nonlocal within
        if found["flag"]:
            return ""
        if found["folded"] is not None:
            return "(?:"
        if found["name"]:
            return f"(?<{found['name']}>"
        if found["code"]:
            return f"\\u{int(found['code'], 16):04x}"
        if found["space"]:
            return SPACES if within else f"[{SPACES}]"
        if found["bracket"]:
            within = found["bracket"] == "["
        return found[0]

    return TOKEN.sub(replaced, pattern)
