"""Finding how the numbers of a column are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.schema.numerals import picture
from mlfw_tabular.infer.inferred import HEAD, Inferred, ambiguous

if TYPE_CHECKING:
    import pyarrow as pa

CODE = r"^[^0-9.,]*0[0-9]"
LIKE = re.compile(r"[^0-9]{0,10}[0-9][0-9.,'’\s\xa0\u202f\u2009]*[^0-9]{0,10}")  # noqa: RUF001
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
    """Whether a string looks like digits with marks between them and a currency or percent sign."""
    if not LIKE.fullmatch(value):
        return False
    symbol = re.sub(MARKS, "", value)
    return not symbol or symbol.lower() in KNOWN


def has_written_codes(distinct: pa.Array) -> bool:
    """Whether a value begins, a sign or a currency aside, with a zero that a code would have."""
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(distinct, CODE)).as_py())


def find_picture(name: str, distinct: pa.Array) -> tuple[tuple[Inferred, pa.Array] | None, str]:
    """Find how numbers are written.

    Args:
        name: The column's name, for a note.
        distinct: Different values, trimmed, none missing, not all of them plain numbers.

    Returns:
        The picture with the values read by it, or None where none fits them all; and in that case
        what a person should know.
    """
    if not may_be_written_number(distinct[0].as_py()):
        return None, ""
    symbols = _symbols(distinct[:HEAD])
    if symbols is not None and len(distinct) > HEAD:
        symbols = _symbols(distinct)
    if symbols is None:
        return None, ""
    if len({symbol.lower() for symbol in symbols}) > 1:
        return None, f"Holds amounts in several units ({', '.join(symbols)}), which are no numbers."
    symbol = symbols[0] if symbols else ""
    dots = symbol.lower() in {each.lower() for each in EUROPEAN}
    cores = DOTS_FIRST if dots else COMMAS_FIRST
    fitting = [text for core in cores if _fits(distinct, text := _dressed(core, symbol, distinct))]
    if not fitting:
        return None, ""
    return _chosen(name, distinct, fitting), ""


def _chosen(name: str, distinct: pa.Array, fitting: list[str]) -> tuple[Inferred, pa.Array]:
    numbers = picture(fitting[0]).read(distinct)
    for other in fitting[1:]:
        if not picture(other).read(distinct).equals(numbers):
            note = ambiguous(name, Kind.number, distinct[0].as_py(), fitting[0], other)
            return Inferred(Kind.number, fitting[0], note), numbers
    return Inferred(Kind.number, fitting[0]), numbers


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
