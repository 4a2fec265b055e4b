"""Deciding by what the rest of a table holds whether a comma or a dot stands before decimals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mlfw import Kind
from mlfw.schema.cast import read_or_none
from mlfw.schema.numerals import picture
from mlfw_tabular.infer.inferred import Inferred, ambiguous
from mlfw_tabular.infer.numerals import may_be_thousands

if TYPE_CHECKING:
    import pyarrow as pa

Found = tuple[Inferred, "pa.Array"]
PLAIN = "#.#"


def settle(
    found: Mapping[str, Found], undecided: Mapping[str, pa.Array], source_point: str
) -> dict[str, Found]:
    """Return columns with those decided whose numbers can be read in two ways.

    What stands before decimals in other columns counts most, then what the form of the source
    tells, such as semicolons between values.

    Args:
        found: What each column holds, and its values by that, by name.
        undecided: The values of columns whose numbers have another form as well, as they are in
            the source, by name.
        source_point: `,` where the form of the source speaks for decimal commas; else empty.
    """
    settled = dict(found)
    others = [each for name, each in found.items() if name not in undecided]
    seen = {point for each in others if (point := _point(*each))}
    why = _example(found, undecided, seen)
    point = seen.pop() if len(seen) == 1 else ""
    if not point and not seen and source_point:
        point, why = source_point, "semicolons stand between values"
    # Numbers with a comma come first: what they are found to be tells of those with dots alone.
    written = [name for name in undecided if found[name][0].format]
    for name in written:
        if point:
            settled[name] = _decided(name, undecided[name], *found[name], point, why)
    sure = point == "," and (bool(written) or why != "semicolons stand between values")
    for name in (name for name in undecided if not found[name][0].format):
        settled[name] = _dotted(name, undecided[name], *found[name], point, why, sure=sure)
    return settled


def _point(inferred: Inferred, values: pa.Array) -> str:
    """Return what certainly stands before the decimals of a column, if that can be told."""
    import pyarrow.compute as pc

    if inferred.kind is not Kind.number or inferred.format:
        return inferred.point
    fractions = pc.any(pc.not_equal(pc.floor(values), values)).as_py()
    return "." if fractions else ""


def _example(found: Mapping[str, Found], undecided: Mapping[str, pa.Array], seen: set[str]) -> str:
    """Return why the decimals are taken as they are: another column's name."""
    for name, each in found.items():
        if name not in undecided and len(seen) == 1 and _point(*each) in seen:
            mark = "comma" if seen == {","} else "point"
            return f"'{name}' is written with a decimal {mark}"
    return ""


def _decided(
    name: str, values: pa.Array, inferred: Inferred, typed: pa.Array, point: str, why: str
) -> Found:
    """Return a column by that of two pictures whose decimals stand behind `point`."""
    forms = (inferred.format, inferred.other)
    taken = next((form for form in forms if picture(form).point == point), inferred.format)
    other = forms[0] if taken == forms[1] else forms[1]
    example = _first(values, ",.")
    note = ambiguous(name, Kind.number, example, taken, other, why)
    if taken != inferred.format:
        again = _read(values, inferred, taken)
        if again is None:
            return inferred, typed
        typed = again
    return replace(inferred, format=taken, notes=(note,), point=point), typed


def _dotted(
    name: str,
    values: pa.Array,
    inferred: Inferred,
    typed: pa.Array,
    point: str,
    why: str,
    *,
    sure: bool,
) -> Found:
    """Return plain numbers such as 1.234 as whole ones where decimals stand behind commas."""
    if point != "," or not may_be_thousands(values):
        return inferred, typed
    taken, other = PLAIN, inferred.other
    if sure or _some_without_dot(values):
        again = _read(values, inferred, inferred.other)
        if again is not None:
            typed, taken, other = again, inferred.other, PLAIN
    note = ambiguous(
        name, Kind.number, _first(values, "."), taken, other, why if other == PLAIN else ""
    )
    written = taken if taken != PLAIN else ""
    return replace(inferred, format=written, notes=(note,)), typed


def _read(values: pa.Array, inferred: Inferred, written: str) -> pa.Array | None:
    if inferred.missing is None:
        return read_or_none(values, Kind.number, written)
    return read_or_none(values, Kind.number, written, ("", *inferred.missing))


def _some_without_dot(values: pa.Array) -> bool:
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(values, r"^[+-]?[1-9][0-9]{0,2}$")).as_py())


def _first(values: pa.Array, marks: str) -> str:
    """Return the first value with one of the marks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    shown = values.filter(pc.match_substring_regex(values, f"[{marks}]"))
    return str(shown[0].as_py()) if len(shown) else str(values[0].as_py())
