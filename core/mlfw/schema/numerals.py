"""Numbers as people write them, by a picture of how: `$#,###.#`, `#.###,# €`, `# ###,#`, `#.#%`.

A picture shows what stands before a number, between its thousands, before its decimals and after
it. The thousands' mark and the decimals may be missing in a value, and so may the symbol. A
negative number has a minus sign or stands in parentheses. A percentage is not divided by 100:
`12%` is 12.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

PICTURE = re.compile(
    r"(?P<before>[^#]*)#(?:(?P<group>[., '])###)?(?:(?P<point>[.,])#)?(?P<after>[^#]*)"
)
GROUPS = {",": ",", ".": r"\.", " ": r"[ \x{a0}\x{202f}\x{2009}]", "'": "['\u2019]"}
MINUS = "\\-\u2212"


@dataclass(frozen=True)
class Picture:
    """How the numbers of a column are written.

    Attributes:
        group: What stands between thousands, if anything: `,`, `.`, `'` or a blank.
        point: What stands before the decimals: `.` or `,`.
        symbol: A currency or `%`, if any.
    """

    group: str = ""
    point: str = "."
    symbol: str = ""

    @cached_property
    def pattern(self) -> str:
        """A regular expression (RE2) that matches what is written so."""
        point = re.escape(self.point)
        whole = r"\d+"
        if self.group:
            whole = rf"(?:[1-9]\d{{0,2}}(?:{GROUPS[self.group]}\d{{3}})+|\d+)"
        number = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)"
        blank = r"[\s\x{a0}\x{202f}]?"
        symbol = rf"(?:(?i:{re.escape(self.symbol)}){blank})?" if self.symbol else ""
        after = rf"(?:{blank}(?i:{re.escape(self.symbol)}))?" if self.symbol else ""
        signed = rf"(?:[+{MINUS}]{blank})?{symbol}[+{MINUS}]?{number}{after}"
        return rf"^(?:{signed}|\({signed}\))$"

    def fits(self, values: pa.Array) -> pa.Array:
        """Return which strings are written so, bool [values]."""
        import pyarrow.compute as pc

        return pc.match_substring_regex(values, self.pattern)

    def read(self, values: pa.Array) -> pa.Array:
        """Return numbers, float64 [values]; what is not written so is read as a plain number.

        Raises:
            pa.ArrowInvalid: A value is neither.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        written = self.fits(values)
        digits = values
        if any(char in self.symbol for char in ".,"):
            digits = pc.replace_substring_regex(
                digits, f"(?i){re.escape(self.symbol)}", replacement=""
            )
        digits = pc.replace_substring_regex(digits, rf"[^0-9{self.point}]+", replacement="")
        if self.point == ",":
            digits = pc.replace_substring(digits, ",", ".")
        numbers = pc.if_else(written, digits, values).cast(pa.float64())
        negative = pc.and_(written, pc.match_substring_regex(values, rf"[({MINUS}]"))
        return pc.if_else(negative, pc.negate(numbers), numbers)


@lru_cache(maxsize=256)
def picture(text: str) -> Picture:
    """Return what a picture says.

    Raises:
        ValueError: It is none.
    """
    found = PICTURE.fullmatch(text)
    if found is None:
        raise ValueError("expected a picture such as '#,###.#', '$#,###.#', '#.###,# €' or '#.#%'")
    before, after = found["before"].strip(), found["after"].strip()
    group = found["group"] or ""
    point = found["point"] or ("," if group == "." else ".")
    if group == point or (before and after) or any(char.isdigit() for char in before + after):
        raise ValueError("expected different marks for thousands and decimals, and one symbol")
    return Picture(group, point, before or after)
