"""Spans of time and amounts of memory, in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return a span of time as people say it: 0.4 s, 42 s, 12 min, 3 h 20 min, 2 d 3 h."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return _two(minutes, 60, "h", "min")
    return _two(round(minutes / 60), 24, "d", "h")


def _two(count: int, length: int, unit: str, rest: str) -> str:
    whole, left = divmod(count, length)
    return f"{whole} {unit} {left} {rest}" if left else f"{whole} {unit}"


def memory_size(count: float) -> str:
    """Return an amount of memory as people say it: 310 MB, 1.3 GB."""
    return f"{count / 1e9:.3g} GB" if count >= 1e9 else f"{count / 1e6:.3g} MB"
