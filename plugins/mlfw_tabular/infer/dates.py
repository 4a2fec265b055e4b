"""Finding how the dates of a column are written."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.schema.dates import date_pattern, read_dates
from mlfw_tabular.infer.inferred import HEAD, Inferred, ambiguous

if TYPE_CHECKING:
    import pyarrow as pa

STAMP = "%Y%m%d"
STAMP_PATTERN = r"^(19|20)\d{6}$"
# Every template has two numbers, or a run of digits. Checked first: templates take long to compile.
MAY_BE_DATE = re.compile(r"\d\D+\d|\d{6}")
DATE_NAME = re.compile(r"date|day|datum", re.IGNORECASE)
# Of two that differ in the order of day and month, the one that is taken in doubt comes first.
TEMPLATES = (
    *("%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m.%d.%Y"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y", "%d %b %Y", "%d. %b %Y", "%d%b%Y", "%d/%b/%Y"),
    *("%b %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%b-%y"),
)


def date_in_name(name: str) -> bool:
    """Whether a column's name says that it holds dates."""
    return DATE_NAME.search(name) is not None


def find_stamp(name: str, distinct: pa.Array) -> tuple[Inferred, pa.Array] | None:
    """Find dates of eight digits; see `find_template`."""
    import pyarrow.compute as pc

    if not date_in_name(name) or not re.match(STAMP_PATTERN, distinct[0].as_py()):
        return None
    if not pc.all(pc.match_substring_regex(distinct, STAMP_PATTERN)).as_py():
        return None
    moments = read_dates(distinct, STAMP)
    return None if moments.null_count else (Inferred(Kind.datetime, STAMP), moments)


def find_template(name: str, distinct: pa.Array) -> tuple[Inferred, pa.Array] | None:
    """Find how dates are written.

    Args:
        name: The column's name, for a note.
        distinct: Different values, trimmed, none missing.

    Returns:
        The template, and the values read by it; None where none fits them all.
    """
    first = distinct[0].as_py()
    if not MAY_BE_DATE.search(first):
        return None
    candidates = [template for template in TEMPLATES if _compiled(template).match(first)]
    fitting = [found for template in candidates if (found := _read_all(distinct, template))]
    if not fitting:
        return None
    template, moments = fitting[0]
    note = ""
    if len(fitting) > 1 and not fitting[1][1].equals(moments):
        note = ambiguous(name, Kind.datetime, first, template, fitting[1][0])
    return Inferred(Kind.datetime, template, note), moments


def likeliest_template(distinct: pa.Array) -> str:
    """Return the template that fits the most values, or nothing where none fits any."""
    counts = {
        template: len(distinct) - read_dates(distinct, template).null_count
        for template in TEMPLATES
    }
    template = max(counts, key=counts.__getitem__)
    return template if counts[template] else ""


def _read_all(distinct: pa.Array, template: str) -> tuple[str, pa.Array] | None:
    if len(distinct) > HEAD and read_dates(distinct[:HEAD], template).null_count:
        return None
    moments = read_dates(distinct, template)
    return None if moments.null_count else (template, moments)


@lru_cache(maxsize=64)
def _compiled(template: str) -> re.Pattern[str]:
    return re.compile(date_pattern(template))
