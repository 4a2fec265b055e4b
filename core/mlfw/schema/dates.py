"""Dates and times as people write them, by a template of `strptime`'s directives: `%d.%m.%Y`.

Known are %Y %y %m %d %b %B %a %A %H %I %M %S %p, with what stands between them, %G and %V for a
week by ISO 8601, and %q for a quarter, as in pandas. %m, %d, %V and hours may have one digit or
two where something stands between; %b and %B are English names, short or whole; %y is 1969 to
2068, as in POSIX.

A template names a day, or a month (`%Y-%m`), a quarter or a week, which stand for their first
day, or a time of day alone (`%H:%M`), which is stored on 1970-01-01. A time of day and a zone may
follow a template of a day: `14:30`, `2:30 pm`, `14:30:05.25Z`, `14:30+02:00`. A time with a zone
is brought to UTC, one without is taken as UTC.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

UNPADDED_ISO = "%Y-%m-%d"
# What Arrow takes for a date too: an hour without minutes.
HOURS = ("%Y-%m-%dT%H", "%Y-%m-%d %H")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MONTH_WORDS = {
    **{name: number for number, name in enumerate(MONTHS, 1)},
    **{name[:3]: number for number, name in enumerate(MONTHS, 1)},
    "sept": 9,
}
DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "q": r"(?P<q>[1-4])",
    "G": r"(?P<G>\d{4})",
    "V": r"(?P<V>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3,9})\.?",
    "a": r"[A-Za-z]{2,9}\.?",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})(?P<f>[.,]\d+)?",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
}
WORDY = {"b", "B", "a", "A", "p"}
SAME = {"B": "b", "A": "a"}
TIME = (
    r"(?:[T\s,]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?P<f>[.,]\d+)?)?"
    r"(?:\s*(?P<p>[AaPp])\.?[Mm]\.?)?)?"
)
ZONE = r"(?:\s*(?P<z>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
# A template that ends in an hour, minutes and perhaps seconds says what TIME takes anyway.
USUAL_TIME = re.compile(r"[T\s,]+%[HI]:%M(?::%S)?(?:\s?%p)?(?:\s?%z)?$")
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
# What a template may say of the date, each with what may follow it.
PARTS = (
    (("Y", "m", "d"), TIME + ZONE),
    (("Y", "m"), ""),
    (("Y", "q"), ""),
    (("G", "V"), ""),
    ((), ZONE),
)
SAME_PART = {"y": "Y", "b": "m"}


@lru_cache(maxsize=256)
def date_pattern(template: str) -> str:
    """Return a regular expression (RE2) with a named group for each part of a date.

    Raises:
        ValueError: The template is of no day, month, quarter, week or time of day, or says
            something unknown.
    """
    if has_date(template):
        template = USUAL_TIME.sub("", template)
    pieces: list[str] = []
    seen: list[str] = []
    for found in re.finditer(r"%(?P<name>.?)|(?P<blank>\s+)|(?P<other>.)", template, re.DOTALL):
        if found["name"] is not None:
            name = SAME.get(found["name"], found["name"])
            pieces.append(_directive(name, seen, _touches(template, found)))
        else:
            pieces.append(r"\s+" if found["blank"] else re.escape(found["other"]))
    date = sorted(SAME_PART.get(name, name) for name in seen if name not in "aHIMSp")
    time = "H" in seen or "I" in seen
    for parts, rest in PARTS:
        if date == sorted(parts) and (date or time):
            return f"^{''.join(pieces)}{rest.removeprefix(TIME) if time else rest}$"
    raise ValueError(
        "expected a day such as %d.%m.%Y, a month (%Y-%m), a quarter (%Y-Q%q), a week (%G-W%V) or "
        "a time of day (%H:%M)"
    )


def _directive(name: str, seen: list[str], touches: bool) -> str:
    if name not in DIRECTIVES or name in seen:
        raise ValueError(
            f"'%{name}' is not known or stands twice; known are %Y %y %m %d %b %H %I %M %S %p %q "
            "%G %V"
        )
    seen.append(name)
    return DIRECTIVES[name].replace("{1,2}", "{2}") if touches else DIRECTIVES[name]


def has_date(template: str) -> bool:
    """Whether a template says anything of a date, and not of a time of day alone."""
    return any(f"%{name}" in template for name in "YyGmbBdqV")


def has_day(template: str) -> bool:
    """Whether a template says a day, and not a month, a quarter or a week alone."""
    return "%d" in template


def time_of_day(moments: pa.Array) -> pa.Array:
    """Return moments on 1970-01-01, timestamp[us] [values]."""
    import numpy as np
    import pyarrow as pa

    us = np.asarray(moments.cast(pa.int64()).fill_null(0)) % DAY_US
    return pa.array(us.astype("M8[us]"), mask=np.asarray(moments.is_null()))


def _touches(template: str, found: re.Match[str]) -> bool:
    """Whether another directive stands right beside one, so that its digits must be counted."""
    before = template[max(found.start() - 2, 0) : found.start()]
    after = template[found.end() : found.end() + 2]
    return any(each[:1] == "%" and each[1:] not in WORDY for each in (before, after))


def read_dates(values: pa.Array, template: str) -> pa.Array:
    """Return timestamps without a zone (UTC), timestamp[us] [values].

    Args:
        values: Strings; null stays null.
        template: How they are written.

    Returns:
        Null too where a value is not written so or is no day of the calendar.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.extract_regex(values, date_pattern(template))
    valid = np.asarray(pc.is_valid(found))
    parts = {field.name: found.field(index) for index, field in enumerate(found.type)}
    day, in_calendar = _week(parts) if "V" in parts else _day(parts, len(values))
    time, possible = _time(parts, len(values))
    us = day.astype("M8[us]") + time
    return pa.array(us, mask=~(valid & in_calendar & possible))


def read_iso_dates(values: pa.Array) -> pa.Array:
    """Return what `read_dates` does, for dates and times in any of the known forms of ISO 8601."""
    import pyarrow.compute as pc

    found = read_dates(values, UNPADDED_ISO)
    if found.null_count == values.null_count:
        return found
    return pc.coalesce(found, *(read_dates(values, form) for form in HOURS))


def _day(parts: dict[str, pa.Array], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return days as datetime64[D], the first where only a month is told, and which there are."""
    import numpy as np

    one = np.ones(count, np.int64)
    year = _year(parts) if "Y" in parts or "y" in parts else one * 1970
    month = _month(parts) if {"m", "b", "q"} & parts.keys() else one
    months = (year - 1970).astype("M8[Y]").astype("M8[M]") + (month - 1)
    day = months.astype("M8[D]") + ((_whole(parts["d"]) if "d" in parts else one) - 1)
    return day, (month >= 1) & (month <= 12) & (day.astype("M8[M]") == months)


def _week(parts: dict[str, pa.Array]) -> tuple[np.ndarray, np.ndarray]:
    """Return the Mondays of weeks by ISO 8601 as datetime64[D], and which there are."""
    year, week = _whole(parts["G"]), _whole(parts["V"])
    first, following = (_first_monday(each) for each in (year, year + 1))
    day = first + (week - 1) * 7
    return day, (week >= 1) & (day < following)


def _first_monday(year: np.ndarray) -> np.ndarray:
    """Return the Monday of each year's first week, the one with 4 January, datetime64[D]."""
    fourth = (year - 1970).astype("M8[Y]").astype("M8[D]") + 3
    # 1970-01-01 was a Thursday.
    monday: np.ndarray = fourth - (fourth.astype("i8") + 3) % 7
    return monday


def _whole(digits: pa.Array) -> np.ndarray:
    """Return strings of digits as int64 [values]; 0 where there are none."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = pc.if_else(pc.equal(digits, ""), "0", digits)
    return np.asarray(pc.fill_null(filled.cast(pa.int64()), 0))


def _year(parts: dict[str, pa.Array]) -> np.ndarray:
    import numpy as np

    if "Y" in parts:
        return _whole(parts["Y"])
    short = _whole(parts["y"])
    return np.where(short < 69, short + 2000, short + 1900)


def _month(parts: dict[str, pa.Array]) -> np.ndarray:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if "m" in parts:
        return _whole(parts["m"])
    if "q" in parts:
        return _whole(parts["q"]) * 3 - 2
    index = pc.index_in(pc.utf8_lower(parts["b"]), pa.array(list(MONTH_WORDS)))
    numbers = np.array([0, *MONTH_WORDS.values()])
    return np.take(numbers, np.asarray(pc.fill_null(index, -1)) + 1)


def _time(parts: dict[str, pa.Array], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the time of day in UTC as timedelta64[us], and where it is possible."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    empty = pa.repeat("", count)
    hour, minute, second = (_whole(parts.get(name, empty)) for name in "HMS")
    half = pc.fill_null(pc.ascii_lower(parts.get("p", empty)), "")
    morning, evening = (np.asarray(pc.equal(half, name)) for name in "ap")
    possible = (minute < 60) & (second < 60) & (hour < 24)
    possible &= ~(morning | evening) | ((hour >= 1) & (hour <= 12))
    hour = np.where(morning | evening, hour % 12 + 12 * evening, hour)
    us = ((hour * 60 + minute) * 60 + second) * SECOND_US + _fraction(parts.get("f", empty))
    return (us - _offset(parts.get("z", empty))).astype("m8[us]"), possible


def _fraction(values: pa.Array) -> np.ndarray:
    """Return what follows the seconds in microseconds, int64 [values]; finer is cut off."""
    import pyarrow.compute as pc

    digits = pc.utf8_slice_codeunits(values, 1, 7)
    return _whole(pc.if_else(pc.equal(digits, ""), digits, pc.utf8_rpad(digits, 6, "0")))


def _offset(zones: pa.Array) -> np.ndarray:
    """Return how far zones such as Z, +02:00 or -0530 are ahead of UTC, in microseconds."""
    import numpy as np
    import pyarrow.compute as pc

    digits = pc.replace_substring_regex(zones, "[^0-9]", replacement="")
    hours = _whole(pc.utf8_slice_codeunits(digits, 0, 2))
    minutes = _whole(pc.utf8_slice_codeunits(digits, 2, 4))
    behind = np.asarray(pc.fill_null(pc.starts_with(zones, "-"), False))
    ahead: np.ndarray = np.where(behind, -1, 1) * (hours * 60 + minutes) * 60 * SECOND_US
    return ahead
