"""Whether words look like names of rows: codes, numbers with letters, names of people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw_tabular.infer.numerals import KNOWN

if TYPE_CHECKING:
    import pyarrow as pa

GLANCE = 1000
# Values of one look, as a share of those that are looked at.
MOST = 0.9
# Shares of the values that have to differ. A code may name the same thing in a few rows.
UNIQUE, UNIQUE_CODES = 0.95, 0.5
MOST_UNITS = 10
# A word in more names than this, such as a title, may tell something.
MOST_WITH_ONE_WORD = 0.35

NUMBER = r"[+-]?\d+(?:[.,' ]\d+)*"
CODE = r"^[^\s]*\p{L}[^\s]*\d[^\s]*$"
# Short words of capitals and words with digits, such as `INV 2024 0017`.
CODE_WORD = r"(?:[\p{Lu}\d/.+()-]*\d[\p{Lu}\d/.+()-]*|\p{Lu}{1,4})"
CODES = rf"^{CODE_WORD}(?: {CODE_WORD})*$"
BLANK, DIGIT, CAPITAL, LETTER = r"\s", r"\d", r"\p{Lu}", r"\p{L}"
CURRENCIES = "|".join(sorted(each.upper() for each in KNOWN if re.fullmatch("[a-z]{3}", each)))
CLOCK = r"^\d{1,3}:\d\d(:\d\d)?([.,]\d+)?( ?[AaPp]\.?[Mm]\.?)?$"
MEASURE = (
    rf"^(?:[$€£¥₹]|(?:{CURRENCIES}) )?\s?{NUMBER}\s?(?:[\p{{L}}%°µ\"'][\p{{L}}\d%°µ\"'²³/.^ -]*)?$"
)
NAME = r"[\p{L}'\x{2019}.-]+"
PERSON = rf"^{NAME}(?: {NAME})?, {NAME}(?: {NAME}){{0,2}}$"
PARTICLES = "van|von|de|der|den|di|da|del|la|le|bin|ibn|al|of|the|and"
CAPITALISED = rf"^(?:\p{{Lu}}[^\s]*|{PARTICLES})(?:\s(?:\p{{Lu}}[^\s]*|{PARTICLES}))*$"


def differing_share(kind: Kind, values: pa.Array) -> float | None:
    """Return the share of values that has to differ where a column does no more than name rows.

    Args:
        kind: The column's kind, category or text.
        values: Its values; the first ones are looked at.

    Returns:
        The share; None where values look like something else: measurements, times, or text of
        which words can be learnt.
    """
    head = values[:GLANCE].drop_null()
    if not len(head) or _share(head, CLOCK) > MOST or _are_measures(head):
        return None
    if _share(head, BLANK) == 0:
        return UNIQUE_CODES if kind is Kind.category and _share(head, CODE) > MOST else UNIQUE
    if kind is Kind.text:
        people = _share(head, PERSON) > MOST and _most_frequent(head) < MOST_WITH_ONE_WORD
        codes = all(_share(head, look) > MOST for look in (CODES, DIGIT))
        capital = _share(head, CAPITAL) > MOST or _share(head, LETTER) == 0  # as phone numbers
        named = people or (codes and capital)
    else:
        named = any(_share(head, look) > MOST for look in (DIGIT, PERSON, CAPITALISED))
    return UNIQUE if named else None


def _share(values: pa.Array, pattern: str) -> float:
    import pyarrow.compute as pc

    return float(pc.mean(pc.match_substring_regex(values, pattern)).as_py())


def _are_measures(values: pa.Array) -> bool:
    """Tell whether values are numbers in few units or currencies, such as `12.5 kg` or `$ 9`."""
    import pyarrow.compute as pc

    fits = pc.match_substring_regex(values, MEASURE)
    if pc.mean(fits).as_py() < MOST:
        return False
    rest = pc.replace_substring_regex(values.filter(fits), NUMBER, "")
    units = set(pc.utf8_trim_whitespace(rest).unique().to_pylist())
    return units != {""} and len(units) <= MOST_UNITS


def _most_frequent(values: pa.Array) -> float:
    """Return in which share of the values the most frequent word stands."""
    import pyarrow.compute as pc

    counts = pc.utf8_split_whitespace(values).flatten().value_counts()
    return float(pc.max(counts.field("counts")).as_py()) / len(values)
