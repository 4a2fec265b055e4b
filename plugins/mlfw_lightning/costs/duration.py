"""Spans of time as a user writes them."""

from __future__ import annotations

import re

from mlfw import UserError

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
FORM = re.compile("".join(rf"(?:(\d+(?:\.\d+)?){unit})?" for unit in SECONDS))


def seconds_of(text: str, key: str) -> float:
    """Return a span of time such as `90s`, `10m`, `1h30m` or `2d` in seconds.

    Args:
        text: Days, hours, minutes and seconds in this order, each but one of them left out or not.
        key: The key that it is written for.

    Raises:
        UserError: It is written differently, or is no time at all.
    """
    found = FORM.fullmatch(text.replace(" ", ""))
    numbers = found.groups() if found else ()
    seconds = sum(
        float(number) * length
        for number, length in zip(numbers, SECONDS.values(), strict=bool(numbers))
        if number
    )
    if not seconds:
        raise UserError(
            f"{key}: expected a span of time above 0, found '{text}'.",
            f"Write for example {key}=90s, {key}=10m, {key}=1h30m or {key}=2d.",
        )
    return seconds
