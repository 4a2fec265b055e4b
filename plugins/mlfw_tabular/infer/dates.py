"""Finding how the dates of a column are written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.hints import override
from mlfw.schema.dates import date_pattern, has_date, has_day, read_dates, read_iso_dates
from mlfw_tabular.infer.inferred import HEAD, Inferred, Note, ambiguous

if TYPE_CHECKING:
    import pyarrow as pa

ISO = r"^\d{4}-\d{1,2}-\d"
STAMP = "%Y%m%d"
STAMP_PATTERN = r"^(19|20)\d{6}$"
# Every template of a day has two numbers, or a run of digits. Checked first: templates take long
# to compile.
MAY_BE_DATE = re.compile(r"\d\D+\d|\d{6}")
MAY_BE_TIME = re.compile(r"\d{1,2}[:h]\d{2}|\d{1,2} ?[AaPp]\.?[Mm]")
MAY_BE_MONTH = re.compile(
    r"\d{4}[-/. ]?(\d{1,2}|[QqWw]\d{1,2}|-[Ww]\d{1,2}|-[Qq]\d)|\d{1,2}[-/.]\d{4}"
    r"|[A-Za-z]{3,9}\.?[- /]\d{2,4}|\d{4}[- /][A-Za-z]{3,9}|[Qq]\d[- /]\d{4}"
)
MONTH_STAMP = "%Y%m"
MONTH_STAMP_PATTERN = r"^(19|20)\d{2}(0[1-9]|1[0-2])$"
DATE_NAME = re.compile(r"date|day|datum", re.IGNORECASE)
MONTH_NAME = re.compile(r"month|monat|period|yyyymm", re.IGNORECASE)
# Of two that differ in the order of day and month, the one that is taken in doubt comes first.
TEMPLATES = (
    *("%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m.%d.%Y"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y", "%d. %b %Y", "%d%b%Y", "%d/%b/%Y"),
    *("%b %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%b-%y"),
)
MONTHS = (
    *("%Y-%m", "%Y/%m", "%Y.%m", "%m/%Y", "%m-%Y", "%m.%Y", "%b %Y", "%b-%Y", "%b/%Y", "%Y-%b"),
    *("%Y %b", "%b-%y", "%Y-Q%q", "%YQ%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y"),
    *("%G-W%V", "%GW%V"),
)
TIMES = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p", "%Hh%M")


def date_in_name(name: str) -> bool:
    """Whether a column's name says that it holds dates."""
    return (DATE_NAME.search(name) or MONTH_NAME.search(name)) is not None


def find_stamp(name: str, distinct: pa.Array) -> tuple[Inferred, pa.Array] | None:
    """Find days of eight digits and months of six; see `find_template`."""
    import pyarrow.compute as pc

    stamps = [
        (template, pattern)
        for template, pattern, told in (
            (STAMP, STAMP_PATTERN, DATE_NAME),
            (MONTH_STAMP, MONTH_STAMP_PATTERN, MONTH_NAME),
        )
        if told.search(name) and re.match(pattern, distinct[0].as_py())
    ]
    for template, pattern in stamps:
        if pc.all(pc.match_substring_regex(distinct, pattern)).as_py():
            moments = read_dates(distinct, template)
            return None if moments.null_count else (Inferred(Kind.datetime, template), moments)
    return None


def find_template(name: str, distinct: pa.Array) -> tuple[Inferred, pa.Array] | None:
    """Find how dates are written.

    Args:
        name: The column's name, for a note.
        distinct: Different values, trimmed, none missing.

    Returns:
        The template, and the values read by it; None where none fits them all. Some of the values
        may be ISO dates.
    """
    first = distinct[0].as_py()
    if not (re.match(ISO, first) or _candidates(first)):
        return None
    others = _without_iso(distinct)
    if not len(others):
        return None
    first = others[0].as_py()
    candidates = _candidates(first)
    fitting = [found for template in candidates if (found := _read_all(others, template))]
    if not fitting:
        return None
    if len(others) < len(distinct):
        if not has_day(fitting[0][0]):
            return None
        fitting = [(template, _read_mixed(distinct, template)) for template, _ in fitting]
    template, moments = fitting[0]
    notes = () if has_date(template) else _duration_notes(name, first, template)
    if len(fitting) > 1 and not fitting[1][1].equals(moments):
        notes = (ambiguous(name, Kind.datetime, first, template, fitting[1][0]),)
    return Inferred(Kind.datetime, template, notes), moments


def _candidates(first: str) -> list[str]:
    """Return the templates that a value follows."""
    return [template for template in _families(first) if _compiled(template).match(first)]


def _without_iso(distinct: pa.Array) -> pa.Array:
    """Return values without those that are dates in ISO 8601 form, where some of them are."""
    import pyarrow.compute as pc

    may_be = pc.match_substring_regex(distinct, ISO)
    if not pc.any(may_be).as_py():
        return distinct
    found = read_iso_dates(pc.if_else(may_be, distinct, None))
    return distinct.filter(pc.is_null(found))


def _read_mixed(distinct: pa.Array, template: str) -> pa.Array:
    """Return dates written by a template, and the others as ISO dates."""
    import pyarrow.compute as pc

    return pc.coalesce(read_dates(distinct, template), read_iso_dates(distinct))


def _families(first: str) -> tuple[str, ...]:
    """Return the templates that a value may follow."""
    if MAY_BE_TIME.match(first):
        return TIMES
    months = MONTHS if MAY_BE_MONTH.fullmatch(first) else ()
    return (*months, *TEMPLATES) if MAY_BE_DATE.search(first) else months


def _duration_notes(name: str, first: str, template: str) -> tuple[Note, ...]:
    """Return a note that times of day may be durations, if they may."""
    if "%p" in template or "%I" in template:
        return ()
    how = override("dataset.columns", f"number {template}", name=name)
    message = f"Values such as {first} were read as times of day."
    return (Note(message, f"If they are durations: {how}"),)


def likeliest_template(distinct: pa.Array) -> str:
    """Return the template that fits the most values, or nothing where none fits any."""
    counts = {
        template: len(distinct) - read_dates(distinct, template).null_count
        for template in (*TEMPLATES, *MONTHS, *TIMES)
    }
    template = max(counts, key=counts.__getitem__)
    return template if counts[template] else ""


def _read_all(distinct: pa.Array, template: str) -> tuple[str, pa.Array] | None:
    if len(distinct) > HEAD and read_dates(distinct[:HEAD], template).null_count:
        return None
    moments = read_dates(distinct, template)
    return None if moments.null_count else (template, moments)


@lru_cache(maxsize=128)
def _compiled(template: str) -> re.Pattern[str]:
    return re.compile(date_pattern(template))
