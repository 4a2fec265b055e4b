"""Durations as people write them, in seconds, by a template: `%H:%M:%S`, `%M:%S`, `%Hh %Mm`.

Known are %d %H %M %S for days, hours, minutes and seconds, each once, with what stands between
them. The first of them may be any number, such as 125 minutes; seconds may have decimals. What is
followed by letters may be missing: by `%Hh %Mm` both `2h` and `45m` are durations. By
`%H hours %M minutes` so is `1 hour`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SECONDS = {"d": 86_400.0, "H": 3_600.0, "M": 60.0, "S": 1.0}
PIECE = re.compile(r"%(?P<name>.?)(?P<after>[^%]*)", re.DOTALL)
PLURAL = re.compile(r"[^\W\d_]{2}s$")
LETTERS = re.compile(r"\s*[^\W\d_]+\.?")


def is_duration(written: str) -> bool:
    """Whether a form of numbers is the template of a duration, and no picture of a number."""
    return "#" not in written and "%" in written


@lru_cache(maxsize=64)
def duration_pattern(template: str) -> str:
    """Return a regular expression (RE2) with a named group for each part of a duration.

    Raises:
        ValueError: The template names no part, one twice, or something unknown.
    """
    before, _, _ = template.partition("%")
    pieces, seen = [], ""
    for found in PIECE.finditer(template):
        name, after = found["name"], found["after"]
        if name not in SECONDS or name in seen:
            raise ValueError("expected %d %H %M %S for days, hours, minutes, seconds, each once")
        digits = r"\d+(?:[.,]\d+)?" if name == "S" or after.strip(" :") else r"\d+"
        if seen and after.strip() in ("", ":"):
            digits = digits.replace(r"\d+", r"\d{1,2}", 1)
        unit = LETTERS.match(after)
        own = f"(?P<{name}>{digits}){_word(unit[0]) if unit else _literal(after)}"
        rest = _literal(after[unit.end() :]) if unit else ""
        pieces.append(f"(?:{own})?{rest}" if unit else own)
        seen += name
    return rf"(?i)^(?P<sign>[+\-\x{{2212}}]?)\s*{_literal(before)}{''.join(pieces)}$"


def _word(text: str) -> str:
    """Return a unit; one in the plural has a singular, as in 1 hour and 2 hours."""
    found = _literal(text)
    return f"{found}?" if PLURAL.search(text) else found


def _literal(text: str) -> str:
    """Return what stands between parts; blanks may be missing."""
    return re.sub(r"(?:\\?\s)+", lambda _: r"\s*", re.escape(text))


def read_durations(words: pa.Array, template: str) -> pa.Array:
    """Return durations in seconds, float64 [words]; what is not written so as plain numbers.

    Raises:
        pa.ArrowInvalid: A value is neither.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(words, duration_pattern(template))
    parts = {field.name: found.field(index) for index, field in enumerate(found.type)}
    sign = parts.pop("sign")
    total: pa.Array = pa.repeat(0.0, len(words))
    told: pa.Array = pa.repeat(False, len(words))
    for name, values in parts.items():
        given = pc.fill_null(pc.not_equal(values, ""), False)
        digits = pc.replace_substring(pc.if_else(given, values, "0"), ",", ".")
        total = pc.add(total, pc.multiply(digits.cast(pa.float64()), SECONDS[name]))
        told = pc.or_(told, given)
    negative = pc.fill_null(pc.match_substring_regex(sign, r"[\-\x{2212}]"), False)
    total = pc.if_else(negative, pc.negate(total), total)
    plain = pc.if_else(told, pa.scalar(None, words.type), words).cast(pa.float64())
    return pc.if_else(told, total, plain)


def seconds(durations: pa.Array) -> pa.Array:
    """Return Arrow's durations in seconds, float64 [values]."""
    import pyarrow as pa
    import pyarrow.compute as pc

    unit = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[durations.type.unit]
    return pc.divide(durations.cast(pa.int64()).cast(pa.float64(), safe=False), float(unit))
