"""Numbers as people write them, by a picture of how: `$#,###.#`, `#.###,# €`, `# ###,#`, `#.#%`.

A picture shows what stands before a number, between its thousands, before its decimals and after
it: a currency, a percent sign or a unit such as `km/h`. The thousands' mark and the decimals may
be missing in a value, and so may the symbol. A negative number has a minus sign or stands in
parentheses. By `#.# years` both `1 year` and `2 years` are numbers. A percentage is not divided by
100: `12%` is 12. By `#.#[kMBT]` and `$#.#[kMBT]` the letters k, M, B and T in any case, which may
be missing too, stand for thousands, millions, billions and trillions: `1.5k` is 1500.
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
PLURAL = re.compile(r"[^\W\d_]{2}s$")
MINUS = "\\-\u2212"
SCALE = "[kMBT]"
SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12}
SCALE_PATTERN = r"(?i:k|mn?|bn?|t)"


@dataclass(frozen=True)
class Picture:
    """How the numbers of a column are written.

    Attributes:
        group: What stands between thousands, if anything: `,`, `.`, `'` or a blank.
        point: What stands before the decimals: `.` or `,`.
        symbol: A currency, `%` or a unit, if any.
        scaled: Whether a letter may follow that stands for thousands, millions, ...
    """

    group: str = ""
    point: str = "."
    symbol: str = ""
    scaled: bool = False

    @cached_property
    def pattern(self) -> str:
        """A regular expression (RE2) that matches what is written so."""
        point = re.escape(self.point)
        whole = r"\d+"
        if self.group:
            whole = rf"(?:[1-9]\d{{0,2}}(?:{GROUPS[self.group]}\d{{3}})+|\d+)"
        number = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)"
        blank = r"[\s\x{a0}\x{202f}]?"
        symbol = rf"(?:(?i:{self._symbol}){blank})?" if self.symbol else ""
        after = rf"(?:{blank}(?i:{self._symbol}))?" if self.symbol else ""
        if self.scaled:
            after = rf"(?:{blank}{SCALE_PATTERN})?{after}"
        signed = rf"(?:[+{MINUS}]{blank})?{symbol}[+{MINUS}]?{number}{after}"
        return rf"^(?:{signed}|\({signed}\))$"

    @property
    def _symbol(self) -> str:
        """A regular expression of the symbol; a unit in the plural has a singular, as years."""
        plural = "?" if PLURAL.search(self.symbol) else ""
        return f"{re.escape(self.symbol)}{plural}"

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
        numbers = pc.if_else(written, self._digits(values), values).cast(pa.float64())
        negative = pc.and_(written, self._negative(values))
        numbers = pc.if_else(negative, pc.negate(numbers), numbers)
        return pc.multiply(numbers, self._scale(values)) if self.scaled else numbers

    def plain(self, values: pa.Array) -> pa.Array:
        """Return the digits of numbers as plain text, as `-1234.5` for `-1.234,5 €`, [values].

        A letter for thousands, millions, ... is left out; what is not written so stays as it is.
        """
        import pyarrow.compute as pc

        digits = self._digits(values)
        digits = pc.if_else(
            self._negative(values), pc.binary_join_element_wise("-", digits, ""), digits
        )
        return pc.if_else(self.fits(values), digits, values)

    def _negative(self, values: pa.Array) -> pa.Array:
        import pyarrow.compute as pc

        return pc.match_substring_regex(values, rf"[({MINUS}]")

    def _digits(self, values: pa.Array) -> pa.Array:
        """Return what is left of strings without symbols, signs and marks of thousands."""
        import pyarrow.compute as pc

        digits = values
        if any(char in ".," or char.isdigit() for char in self.symbol):
            digits = pc.replace_substring_regex(
                digits, f"(?i){re.escape(self.symbol)}", replacement=""
            )
        digits = pc.replace_substring_regex(digits, rf"[^0-9{self.point}]+", replacement="")
        return pc.replace_substring(digits, ",", ".") if self.point == "," else digits

    def _scale(self, values: pa.Array) -> pa.Array:
        """Return what numbers are multiplied by, float64 [values]."""
        import pyarrow as pa
        import pyarrow.compute as pc

        symbol = re.escape(self.symbol)
        pattern = rf"[0-9.,]\s?(?P<scale>{SCALE_PATTERN})\s?(?i:{symbol})?\)?$"
        letters = pc.utf8_lower(pc.extract_regex(values, pattern).field(0))
        place = pc.index_in(letters, pa.array(list(SCALES)))
        factors = pa.array([*SCALES.values(), 1.0])
        return factors.take(pc.fill_null(place, len(SCALES)))


@lru_cache(maxsize=256)
def picture(text: str) -> Picture:
    """Return what a picture says.

    Raises:
        ValueError: It is none.
    """
    found = PICTURE.fullmatch(text)
    if found is None:
        raise ValueError(
            "expected a picture such as '#,###.#', '$#,###.#', '#.###,# €', '#.# km/h' or '#.#%'"
        )
    before, after = found["before"].strip(), found["after"].strip()
    scaled = after.startswith(SCALE)
    after = after.removeprefix(SCALE).strip()
    group = found["group"] or ""
    point = found["point"] or ("," if group == "." else ".")
    digits = any(char.isdigit() for char in before + after[:1])
    if group == point or (before and after) or digits:
        raise ValueError("expected different marks for thousands and decimals, and one symbol")
    return Picture(group, point, before or after, scaled)
