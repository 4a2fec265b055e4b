"""Numbers are known and read in the forms in which people write them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Kind
from mlfw_tabular.infer import (
    Inferred,
    infer_and_cast,
    infer_column,
)

NUMBERS = [
    (["$1,234.50", "12"], "$#,###.#", 1234.5),
    (["($1,234.50)", "$0.10"], "$#,###.#", -1234.5),
    (["-$12.50", "$3"], "$#,###.#", -12.5),
    (["1.234,50 €", "0,99 €"], "#.###,# €", 1234.5),
    (["1.234 €", "5.000 €"], "#.###,# €", 1234.0),
    (["USD 12", "USD 1,000"], "USD #,###.#", 12.0),
    (["12%", "5.5%"], "#,###.#%", 12.0),
    (["12,5 %", "-3 %"], "#.###,# %", 12.5),
    (["12,5", "0,25"], "#.###,#", 12.5),
    (["0,123", "0,250"], "#.###,#", 0.123),
    (["1,234,567", "12"], "#,###.#", 1234567.0),
    (["1 234 567,5", "12"], "# ###,#", 1234567.5),
    (["1\u202f234,5"], "# ###,#", 1234.5),
    (["1'234.5", "12"], "#'###.#", 1234.5),
    (["\u22125,5", "1,25"], "#.###,#", -5.5),
]


@pytest.mark.parametrize(("values", "written", "first"), NUMBERS)
def test_numbers_are_known_as_people_write_them(
    values: list[str], written: str, first: float
) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert (columns["x"].kind, columns["x"].format) == (Kind.number, written)
    assert arrays["x"][0].as_py() == first


def test_a_comma_that_could_be_either_is_told() -> None:
    inferred = infer_column("price", pa.array(["1,234", "5,678"]))

    assert inferred.format == "#,###.#"
    assert "'dataset.columns.price=\"number #.###,#\"'" in inferred.notes[0].remedy


def test_amounts_in_two_currencies_are_no_numbers() -> None:
    inferred = infer_column("price", pa.array(["$5", "5 €"]))

    assert inferred.kind is Kind.category
    assert "$, €" in inferred.notes[0].message


@pytest.mark.parametrize("values", [["1,2,3"], ["12,34.5"], ["(5", "5)"], ["$007"], ["5 apples"]])
def test_what_only_looks_like_a_number_is_words(values: list[str]) -> None:
    assert infer_column("x", pa.array(values)).kind is Kind.category


@pytest.mark.parametrize(
    "values",
    [
        ["9,007,199,254,740,992", "9,007,199,254,740,993", "12"],
        ["9.007.199.254.740.992,00 €", "9.007.199.254.740.993,00 €"],
        ["9 007 199 254 740 992", "9 007 199 254 740 993"],
        ["-9'007'199'254'740'992", "-9'007'199'254'740'993"],
        ["(9,007,199,254,740,992)", "(9,007,199,254,740,993)"],
        ["9007199254740992 km", "9007199254740993 km"],
        ["9007199254740992.0", "9007199254740993.0"],
    ],
)
def test_large_whole_numbers_stay_apart_however_they_are_written(values: list[str]) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert columns["x"].kind is Kind.category
    assert columns["x"].notes[0].remedy == "As numbers: dataset.columns.x=number"
    assert arrays["x"].to_pylist() == values


@pytest.mark.parametrize(
    "values",
    [
        ["9,007,199,254,740,992", "9,007,199,254,740,994"],
        ["9007199254740992", "+9007199254740992", "9007199254740992.0"],
    ],
)
def test_large_whole_numbers_that_stay_different_are_numbers(values: list[str]) -> None:
    assert infer_column("x", pa.array(values)).kind is Kind.number


AMOUNTS = st.lists(st.integers(-(10**11), 10**11), min_size=1).map(
    lambda cents: [cent / 100 for cent in [*cents, 123456789]]
)
SHAPES = {
    "$#,###.#": lambda text: f"-${text[1:]}" if text[0] == "-" else f"${text}",
    "#,###.#": lambda text: text,
    "#.###,# €": lambda text: text.translate(str.maketrans(",.", ".,")) + " €",
    "#.###,#": lambda text: text.translate(str.maketrans(",.", ".,")),
    "# ###,#": lambda text: text.translate(str.maketrans(",.", " ,")),
    "#'###.#": lambda text: text.replace(",", "'"),
}


@given(values=AMOUNTS, written=st.sampled_from(list(SHAPES)))
@settings(deadline=None)
def test_amounts_survive_being_written(values: list[float], written: str) -> None:
    text = [SHAPES[written](f"{value:,.2f}") for value in values]

    columns, arrays = infer_and_cast(pa.table({"x": text}))

    assert columns["x"].format == written
    assert arrays["x"].to_pylist() == values


@given(st.lists(st.none() | st.floats(allow_nan=False), min_size=1), st.integers(0, 2))
@settings(deadline=None)
def test_plain_numbers_survive_being_written(values: list[float | None], offset: int) -> None:
    values = [2.5, *values]
    text = pa.array(["?" if value is None else repr(value) for value in ["x"] * offset + values])

    columns, arrays = infer_and_cast(pa.table({"x": text.slice(offset)}))

    assert columns["x"] == Inferred(Kind.number)
    assert arrays["x"].to_pylist() == values
