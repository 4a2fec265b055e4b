"""Finding how the numbers of a column are written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.hints import override
from mlfw.schema.numerals import SCALE, SCALES, picture
from mlfw.schema.words import MISSING_WORDS, without_missing_words
from mlfw_tabular.infer.inferred import HEAD, Inferred, Note, ambiguous

if TYPE_CHECKING:
    import pyarrow as pa

Found = tuple[Inferred, "pa.Array"]
Notes = tuple[Note, ...]
CODE = r"^[^0-9.,]*0[0-9]"
LIKE = re.compile(r"[^0-9]{0,10}[0-9][0-9.,'’\s\xa0\u202f\u2009]*[^0-9]{0,10}")  # noqa: RUF001
LETTERS_OF_SCALES = "kKmMbBtT"
NUMBER = r"[0-9](?:[0-9.,'\x{2019} \x{a0}\x{202f}\x{2009}]*[0-9])?\.?"
UNIT = (
    r"[+\-\u2212]?\s?[0-9](?:[0-9.,'\u2019\s]*[0-9])?\.?\s?[^\W\d_]"
    r"|[+\-]?\s?[0-9.,\s]+[\xb0\xb5\u2032\u2033\"]"
)
UNIT_OR_NONE = (
    r"^[+\-\x{2212}(]?(?P<before>[^0-9\s.,'()+\-]{0,4})\s?[+\-\x{2212}]?" + NUMBER + r"\s?(?P<unit>"
    r"(?:[\pL\x{b0}\x{b5}%\x{2032}\x{2033}\"][^\s()+0-9]{0,11}[0-9]?(?: [^0-9\s]{1,8})?)?"
    r")\)?$"
)
MOST_UNITS = 5
# Other letters behind a number make it a code, such as 12A.
ONE_LETTER = set('mglhstwvxy\xb0%\u2032\u2033"')
ORDINALS = {"st", "nd", "rd", "th", "am", "pm", "a.m.", "p.m."}
GLANCE = 100
DOTTED = r"^[+-]?([1-9][0-9]{0,2}(\.[0-9]{3})+|[0-9]{1,3})$"
MARKS = "[0-9.,'’()+\\-−\\s\xa0\u202f\u2009]"  # noqa: RUF001
EUROPEAN = ("€", "EUR", "CHF", "kr", "SEK", "NOK", "DKK", "zł", "PLN", "Kč", "CZK", "R$", "BRL")
OTHERS = (
    *("%", "$", "£", "¥", "₹", "₽", "₩", "₺", "₪", "₴", "₫", "฿", "US$", "A$", "C$", "Fr", "Ft"),
    *("USD", "GBP", "JPY", "CNY", "INR", "RUB", "KRW", "TRY", "ILS", "UAH", "VND", "THB"),
    *("AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "ZAR", "HUF", "RON", "IDR", "MYR", "PHP"),
)
KNOWN = {symbol.lower() for symbol in (*EUROPEAN, *OTHERS)}
COMMAS_FIRST = ("#,###.#", "#.###,#", "# ###.#", "# ###,#", "#'###.#", "#'###,#")
DOTS_FIRST = ("#.###,#", "#,###.#", *COMMAS_FIRST[2:])


def may_be_written_number(value: str) -> bool:
    """Whether a string looks like digits with marks between them, with a currency or a unit."""
    if re.match(UNIT, value):
        return True
    if not LIKE.fullmatch(value):
        return False
    symbol = re.sub(MARKS, "", value).rstrip(LETTERS_OF_SCALES)
    return not symbol or symbol.lower() in KNOWN


def may_be_thousands(values: pa.Array, missing: Sequence[str] = MISSING_WORDS) -> bool:
    """Whether plain numbers may be whole ones with dots between thousands, as in 1.234 and 999."""
    import pyarrow.compute as pc

    values = without_missing_words(values, missing).drop_null()
    if not pc.any(pc.match_substring(values[:GLANCE], "."), min_count=0).as_py():
        return False
    return bool(pc.all(pc.match_substring_regex(values, DOTTED), min_count=0).as_py())


def has_written_codes(distinct: pa.Array) -> bool:
    """Whether a value begins, a sign or a currency aside, with a zero that a code would have."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(distinct, CODE)).as_py())


def find_picture(name: str, distinct: pa.Array) -> tuple[Found | None, Notes]:
    """Find how numbers are written.

    Args:
        name: The column's name, for a note.
        distinct: Different values, trimmed, none missing, not all of them plain numbers.

    Returns:
        The picture with the values read by it, or None where none fits them all; and in that case
        what a person should know.
    """
    if not may_be_written_number(distinct[0].as_py()):
        return None, ()
    symbols = _symbols(distinct[:HEAD])
    if symbols is not None and len(distinct) > HEAD:
        symbols = _symbols(distinct)
    if symbols is None:
        return None, ()
    if len({symbol.lower() for symbol in symbols}) > 1:
        return None, _several_units(symbols)
    symbol = symbols[0] if symbols else ""
    texts = [_dressed(core, symbol, distinct) for core in _cores(symbol)]
    return _fitting(name, distinct, texts), ()


def _cores(symbol: str) -> tuple[str, ...]:
    dots = symbol.lower() in {each.lower() for each in EUROPEAN}
    return DOTS_FIRST if dots else COMMAS_FIRST


def _fitting(name: str, distinct: pa.Array, texts: list[str]) -> Found | None:
    """Return the first picture that fits all values, and these; None where none does."""
    fitting = [text for text in texts if _fits(distinct, text)]
    if not fitting:
        return None
    taken = picture(fitting[0])
    numbers = taken.read(distinct)
    for other in fitting[1:]:
        if not picture(other).read(distinct).equals(numbers):
            note = ambiguous(name, Kind.number, distinct[0].as_py(), fitting[0], other)
            return Inferred(Kind.number, fitting[0], (note,), other=other), numbers
    sure = all(picture(text).point == taken.point for text in fitting)
    point = taken.point if sure else ""
    return Inferred(Kind.number, fitting[0], point=point), numbers


def find_units(name: str, distinct: pa.Array) -> tuple[Found | None, Notes]:
    """Find numbers with a unit, the same in all of them, or letters for thousands and millions.

    Args:
        name: The column's name, for a note.
        distinct: Different values, trimmed, none missing.

    Returns:
        As `find_picture`.
    """
    import pyarrow.compute as pc

    if len(distinct) < 2 or not may_be_written_number(distinct[0].as_py()):
        return None, ()
    if _units(distinct[:HEAD]) is None or (units := _units(distinct)) is None:
        return None, ()
    symbol, letters, plain = units
    first = distinct[0].as_py()
    letters = _in_plural(letters)
    different = list(dict.fromkeys(letter.lower() for letter in letters))
    if set(different) <= SCALES.keys() and (
        plain or len(different) > 1 or different == ["k"] or letters[0].isupper() or symbol
    ):
        texts = [f"{_with_currency(core, symbol, distinct, SCALE)}" for core in _cores(symbol)]
        found = _fitting(name, distinct, texts)
        if found is None:
            return None, ()
        lettered = pc.match_substring_regex(distinct, r"[A-Za-z][^0-9]*$")
        place = pc.index(lettered, True).as_py()
        first, meant = distinct[place].as_py(), found[1][place].as_py()
        notes = (Note(f"Values such as {first} were read as {meant:,.15g}."), *found[0].notes)
        return (replace(found[0], notes=notes), found[1]), ()
    if symbol:
        return None, ()
    if len(different) > 1 or plain:
        repeated = len(distinct) >= 2 * len(different)
        return None, _units_notes(name, letters) if repeated else ()
    blank = " " if re.search(r"[0-9.]\s", first) else ""
    if len(letters[0]) == 1 and not blank and letters[0].lower() not in ONE_LETTER:
        return None, ()
    found = _fitting(name, distinct, [f"{core}{blank}{letters[0]}" for core in COMMAS_FIRST])
    if found is None:
        return None, ()
    note = Note(f"Values such as {first} were read as numbers, in {letters[0]}.")
    notes = (note, *found[0].notes)
    return (replace(found[0], notes=notes), found[1]), ()


def _in_plural(units: list[str]) -> list[str]:
    """Return units with the singular of one among them left out, as year beside years."""
    known = {unit.lower() for unit in units}
    left = [unit for unit in units if len(unit) < 2 or f"{unit.lower()}s" not in known]
    return left or units


def _units(distinct: pa.Array) -> tuple[str, list[str], bool] | None:
    """Return a currency before the numbers, the units behind them, and whether some have none.

    None where a value is no number with a unit, or where there are too many units.
    """
    import pyarrow.compute as pc

    parts = pc.extract_regex(distinct, UNIT_OR_NONE)
    if parts.null_count:
        return None
    units = [unit for unit in parts.field("unit").unique().to_pylist() if unit]
    before = [symbol for symbol in parts.field("before").unique().to_pylist() if symbol]
    if not units or len(units) > MOST_UNITS or len(before) > 1:
        return None
    if before and before[0].lower() not in KNOWN:
        return None
    plain = bool(pc.any(pc.equal(parts.field("unit"), "")).as_py())
    return (*before, "")[0], units, plain


def _units_notes(name: str, units: list[str]) -> Notes:
    """Return what to tell of numbers whose units differ; nothing where they may be codes."""
    if all(len(unit) < 2 for unit in units) or {unit.lower() for unit in units} <= ORDINALS:
        return ()
    if len({unit.lower() for unit in units}) > 1:
        return _several_units(units)
    how = override("dataset.columns", f"number #.# {units[0]}", name=name)
    message = f"Some values are numbers in {units[0]}, others have no unit."
    return (Note(message, f"To read all so: {how}"),)


def _several_units(units: list[str]) -> Notes:
    return (Note(f"Holds amounts in several units ({', '.join(units)}), which are no numbers."),)


def _with_currency(core: str, symbol: str, distinct: pa.Array, after: str) -> str:
    return f"{_dressed(core, symbol, distinct)}{after}" if symbol else f"{core}{after}"


def _symbols(distinct: pa.Array) -> list[str] | None:
    """Return what stands beside the digits, or None where that is no currency or percent sign."""
    import pyarrow.compute as pc

    rest = pc.replace_substring_regex(distinct, MARKS, replacement="").unique()
    if len(rest) > len(KNOWN):
        return None
    symbols = [symbol for symbol in rest.to_pylist() if symbol]
    return symbols if {symbol.lower() for symbol in symbols} <= KNOWN else None


def _dressed(core: str, symbol: str, distinct: pa.Array) -> str:
    """Return the picture of a number with its symbol, as the first value that has one shows it."""
    import pyarrow.compute as pc

    if not symbol:
        return core
    examples = distinct.filter(pc.match_substring(distinct, symbol))
    if not len(examples):  # its letters stand apart
        return core
    example = examples[0].as_py()
    blank = " " if re.search(r"\s", example.strip("()")) else ""
    if symbol != "%" and re.match(rf"[(+\-−\s]*{re.escape(symbol)}", example):  # noqa: RUF001
        return f"{symbol}{blank}{core}"
    return f"{core}{blank}{symbol}"


def _fits(distinct: pa.Array, text: str) -> bool:
    import pyarrow.compute as pc

    shown = picture(text)
    if len(distinct) > HEAD and not pc.all(shown.fits(distinct[:HEAD])).as_py():
        return False
    return bool(pc.all(shown.fits(distinct)).as_py())
