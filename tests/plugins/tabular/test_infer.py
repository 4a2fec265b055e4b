"""Kinds and written forms are inferred by the stated rules."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Kind, UserError
from mlfw.schema.cast import MISSING_WORDS, cast
from mlfw_tabular.infer import (
    Inferred,
    Source,
    infer_and_cast,
    infer_column,
    parse_override,
)

WORDS = [
    (["1", "2.5", "NA", "-3e4"], Kind.number),
    ([" 1", "2 ", "+3"], Kind.number),
    (["007", "012", "113"], Kind.category),
    (["-012", "3"], Kind.category),
    ([" 007", "3"], Kind.category),
    (["00", "1"], Kind.category),
    (["0.5", "0.7", "0"], Kind.number),
    (["-0.5", "-0"], Kind.number),
    (["1", "2", "3"] * 20, Kind.number),
    (["0", "1", "0"], Kind.boolean),
    (["0.0", "1.0", ""], Kind.boolean),
    (["0", "0", ""], Kind.number),
    (["1", "1"], Kind.number),
    (["0", "1", "2"], Kind.number),
    (["0", "1", "yes"], Kind.boolean),
    (["yes", "No", "", "YES"], Kind.boolean),
    (["Y", "N"], Kind.boolean),
    (["t", "f"], Kind.boolean),
    (["on", "off"], Kind.boolean),
    (["TRUE", "False"], Kind.boolean),
    (["yes", "no", "maybe"], Kind.category),
    (["red", "blue", "red"], Kind.category),
    (["1", "2", "three"], Kind.category),
    (["nan", "1"], Kind.number),
    (["the cat sat", "a dog ran off", "no fish here"], Kind.text),
    (["the cat sat"] * 9 + ["a dog ran"], Kind.category),
    ([f"Ann Lee{i}" for i in range(50)], Kind.category),
    ([f"https://example.org/{i}" for i in range(50)], Kind.category),
    (["192.168.0.1", "10.0.0.1"], Kind.category),
    (["10-20", "20-30"], Kind.category),
    (["", "NA"], Kind.category),
    ([True, None], Kind.boolean),
    ([1, 2], Kind.number),
    ([0, 1, None], Kind.boolean),
    ([0.0, 1.0, None], Kind.boolean),
    ([0, 0], Kind.number),
    ([0, 1, 0.5], Kind.number),
    ([1.5], Kind.number),
    ([["a"], ["b", "c"]], Kind.labels),
]


@pytest.mark.parametrize(("values", "kind"), WORDS)
def test_a_column_has_the_kind_of_its_values(values: list[object], kind: Kind) -> None:
    assert infer_column("x", pa.array(values)) == Inferred(kind)


DAY = datetime(2024, 12, 31)
DATES = [
    (["2024-12-31", "2024-01-01 10:00"], "", DAY),
    (["2024-12-31T00:00:00Z"], "", DAY),
    (["2024-12-31T02:00:00+02:00"], "", DAY),
    (["2024-12-31", "2024-1-5"], "", DAY),
    (["31.12.2024", "1.2.2024"], "%d.%m.%Y", DAY),
    (["31.12.2024 00:00", "01.02.2024 14:30:15"], "%d.%m.%Y", DAY),
    (["31/12/2024", "01/02/2024"], "%d/%m/%Y", DAY),
    (["12/31/2024", "01/02/2024"], "%m/%d/%Y", DAY),
    (["12/31/2024 12:00 AM", "01/02/2024 2:30 pm"], "%m/%d/%Y", DAY),
    (["31-12-2024", "01-02-2024"], "%d-%m-%Y", DAY),
    (["2024/12/31"], "%Y/%m/%d", DAY),
    (["31-Dec-2024", "1-JAN-2024"], "%d-%b-%Y", DAY),
    (["31 December 2024", "1 Sept 2024"], "%d %b %Y", DAY),
    (["Dec 31, 2024", "March 1, 2024"], "%b %d, %Y", DAY),
    (["Tue, 31 Dec 2024 00:00:00 GMT"], "%a, %d %b %Y", DAY),
    (["31DEC2024"], "%d%b%Y", DAY),
    (["12/31/24"], "%m/%d/%y", DAY),
    (["31.12.24"], "%d.%m.%y", DAY),
]


@pytest.mark.parametrize(("values", "written", "first"), DATES)
def test_dates_are_known_in_common_forms(values: list[str], written: str, first: datetime) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert columns["x"] == Inferred(Kind.datetime, written)
    assert arrays["x"][0].as_py() == first


@pytest.mark.parametrize(
    "values",
    [
        ["2024-13-01", "2024-12-31"],
        ["31.02.2024"],
        ["31/12/2024", "12/31/2024"],
        ["12/31/2024 25:00"],
        ["31-Foo-2024"],
        ["2024-12-31", "31.12.2024"],
    ],
)
def test_what_is_no_date_in_one_form_is_words(values: list[str]) -> None:
    assert infer_column("x", pa.array(values)).kind is Kind.category


@pytest.mark.parametrize(
    ("values", "taken", "other"),
    [
        (["03/04/2024", "05/06/2024"], "%m/%d/%Y", "%d/%m/%Y"),
        (["03.04.2024", "05.06.2024"], "%d.%m.%Y", "%m.%d.%Y"),
    ],
)
def test_an_undecidable_order_of_day_and_month_is_told(
    values: list[str], taken: str, other: str
) -> None:
    inferred = infer_column("when", pa.array(values))

    assert inferred.format == taken
    assert f'dataset.columns.when="datetime {other}"\'' in inferred.note


@pytest.mark.parametrize("name", ["date", "OrderDate", "birthday", "Datum"])
def test_eight_digits_are_a_date_only_under_a_name_that_says_so(name: str) -> None:
    digits = pa.array(["20241231", "19990101"])

    assert infer_column(name, digits) == Inferred(Kind.datetime, "%Y%m%d")
    assert infer_column("amount", digits) == Inferred(Kind.number)
    assert infer_column(name, pa.array(["20241231", "20241331"])) == Inferred(Kind.number)


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
    assert "'dataset.columns.price=\"number #.###,#\"'" in inferred.note


def test_amounts_in_two_currencies_are_no_numbers() -> None:
    inferred = infer_column("price", pa.array(["$5", "5 €"]))

    assert inferred.kind is Kind.category
    assert "$, €" in inferred.note


@pytest.mark.parametrize("values", [["1,2,3"], ["12,34.5"], ["(5", "5)"], ["$007"], ["5 apples"]])
def test_what_only_looks_like_a_number_is_words(values: list[str]) -> None:
    assert infer_column("x", pa.array(values)).kind is Kind.category


def test_typed_columns_keep_their_type() -> None:
    assert infer_column("x", pa.array([0, 1]).cast(pa.timestamp("s"))).kind is Kind.datetime
    assert infer_column("x", pa.array([0], pa.date32())).kind is Kind.datetime
    assert infer_column("x", pa.array(["a", "b"]).dictionary_encode()).kind is Kind.category
    assert infer_column("x", pa.array(["1", "2"]).dictionary_encode()).kind is Kind.number
    assert infer_column("date", pa.array([20241231])).kind is Kind.number


STYLES = {
    "numbers": ["12", "3.5", "-7", "1e3"],
    "codes": ["007", "0123"],
    "words": ["red", "blue"],
    "sentences": [f"the cat {i} sat here" for i in range(3000)],
    "booleans": ["yes", "no"],
    "digits": ["0", "1"],
    "zeros": ["0"],
    "iso": ["2024-01-31", "1999-12-01 10:00"],
    "either order": ["01/02/2024", "05/06/2023"],
    "day first": ["31/01/2024"],
    "month first": ["01/31/2024"],
    "dollars": ["$1,234.50", "$7"],
    "euros": ["€7"],
    "either mark": ["1,234", "5,678"],
    "decimal comma": ["12,5"],
    "missing": ["", "NA", " ? "],
    "blanks": [" 12", "7 "],
}


@given(first=st.sampled_from(list(STYLES)), last=st.sampled_from(list(STYLES)))
@settings(deadline=None, max_examples=150)
def test_a_value_counts_wherever_it_stands(first: str, last: str) -> None:
    many, late = STYLES[first], STYLES[last]
    values = [*(many[i % len(many)] for i in range(3000)), *late]
    # The whole is as its few different values are, most of which decide between words and text.
    every_value = infer_column("x", pa.array([*late, *many] * 3))

    inferred = infer_column("x", pa.array(values))

    if every_value.kind not in (Kind.text, Kind.category):
        assert (inferred.kind, inferred.format) == (every_value.kind, every_value.format)
    assert inferred.kind is infer_column("x", pa.array(values[::-1])).kind
    assert inferred.format == infer_column("x", pa.array(values[::-1])).format


@given(st.lists(st.sampled_from([w for style in STYLES.values() for w in style[:5]]), min_size=1))
@settings(deadline=None)
def test_the_order_of_the_rows_does_not_matter(values: list[str]) -> None:
    shuffled = random.Random(0).sample(values, len(values))

    one, other = (infer_column("x", pa.array(each)) for each in (values, shuffled))

    assert (one.kind, one.format) == (other.kind, other.format)


@given(st.lists(st.sampled_from([w for style in STYLES.values() for w in style[:5]]), min_size=1))
@settings(deadline=None)
def test_what_was_inferred_reads_every_value(values: list[str]) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    typed = cast(pa.array(values), columns["x"].kind, columns["x"].format)

    assert arrays["x"].to_pylist() == typed.to_pylist()
    assert typed.null_count == sum(value.strip() in MISSING_WORDS for value in values)


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


MOMENTS = st.lists(
    st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    min_size=1,
)


@given(
    moments=MOMENTS,
    day=st.sampled_from(["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%b-%Y", "%B %d, %Y", "%Y/%m/%d"]),
    time=st.sampled_from(["", " %H:%M:%S", " %I:%M:%S %p"]),
)
@settings(deadline=None)
def test_moments_survive_being_written(moments: list[datetime], day: str, time: str) -> None:
    moments = [*moments, datetime(2001, 3, 31)]
    if not time:
        moments = [datetime.combine(moment.date(), datetime.min.time()) for moment in moments]
    text = [moment.strftime(f"{day}{time}") for moment in moments]

    columns, arrays = infer_and_cast(pa.table({"x": text}))

    assert columns["x"] == Inferred(Kind.datetime, day.replace("%B", "%b"))
    assert arrays["x"].to_pylist() == moments


@given(st.lists(st.none() | st.floats(allow_nan=False), min_size=1), st.integers(0, 2))
@settings(deadline=None)
def test_plain_numbers_survive_being_written(values: list[float | None], offset: int) -> None:
    values = [2.5, *values]
    text = pa.array(["?" if value is None else repr(value) for value in ["x"] * offset + values])

    columns, arrays = infer_and_cast(pa.table({"x": text.slice(offset)}))

    assert columns["x"] == Inferred(Kind.number)
    assert arrays["x"].to_pylist() == values


def test_words_are_kept_as_a_dictionary() -> None:
    _, arrays = infer_and_cast(pa.table({"x": ["a ", "b", "NA", "a", None]}))

    assert arrays["x"].type == pa.dictionary(pa.int32(), pa.string())
    assert arrays["x"].dictionary.to_pylist() == ["a", "b"]
    assert arrays["x"].to_pylist() == ["a", "b", None, "a", None]


def test_what_a_person_says_counts() -> None:
    table = pa.table(
        {"a": ["1", "2"], "d": ["03/04/2024"] * 2, "e": ["$1", "2"], "s": [20241231, 20240101]}
    )
    said = {
        "a": parse_override("a", "category"),
        "d": parse_override("d", "datetime %d/%m/%Y"),
        "e": parse_override("e", "number"),
        "s": parse_override("s", "datetime"),
    }

    columns, arrays = infer_and_cast(table, said)

    assert columns["a"] == Inferred(Kind.category)
    assert arrays["d"][0].as_py() == datetime(2024, 4, 3)
    assert columns["e"] == Inferred(Kind.number, "$#,###.#")
    assert arrays["s"][0].as_py() == DAY


@pytest.mark.parametrize(
    ("kind", "values", "row"),
    [
        ("number", ["$1", "2", "three"], "row 3"),
        ("datetime", ["01/02/2024", "31/12/2024", "yesterday", "1/1/2024"], "row 3"),
        ("datetime", ["2024-01-01", "soon"], "row 2"),
        ("boolean", ["yes", "perhaps"], "row 2"),
        ("datetime %d.%m.%Y", ["1.2.2024", "30.2.2024"], "row 2.*written as %d.%m.%Y"),
    ],
)
def test_a_value_that_does_not_fit_what_was_said_is_named(
    kind: str, values: list[str], row: str
) -> None:
    with pytest.raises(UserError, match=f"f.csv: column 'x', {row}"):
        infer_and_cast(
            pa.table({"x": values}), {"x": parse_override("x", kind)}, source=Source("f.csv")
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("categroy", "dataset.columns.x: expected a kind .*\n.*'category'"),
        ("datetime %d/%m", "'%d/%m' is no form of a datetime"),
        ("datetime %d/%m/%Q", "'%Q' is not known"),
        ("number 1.234,5", "is no form of a number: expected a picture"),
        ("number #,###,#", "expected different marks"),
        ("category x", "has no other written form"),
    ],
)
def test_what_a_person_cannot_say_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_override("x", text)


def test_many_rows_are_understood_by_several_threads_as_by_one() -> None:
    few = pa.table({"n": ["1.5", "?"], "w": ["a", " b"], "d": ["31.12.2024", ""], "x": ["", "NA"]})
    many = pa.concat_tables([few] * 40_000)

    columns, arrays = infer_and_cast(many)

    assert columns == infer_and_cast(few)[0]
    assert pc.count(arrays["n"]).as_py() == pc.count(arrays["d"]).as_py() == 40_000
    assert arrays["w"].dictionary.to_pylist() == ["a", "b"]


def test_every_day_is_read_in_every_form() -> None:
    days = [date(1896, 1, 1) + timedelta(days=97 * i) for i in range(800)]

    for written in ("%d.%m.%Y", "%m/%d/%Y", "%d %b %Y", "%b %d, %Y"):
        text = pa.array([day.strftime(written) for day in days])
        moments = cast(text, Kind.datetime, written)
        assert [moment.date() for moment in moments.to_pylist()] == days


def test_one_number_is_one_category_in_training_too_and_codes_stay_apart() -> None:
    words = ["20", "20.0", "2e1", "A", "007", "7", "7.0", None, "True", "true"]
    said = {"zone": parse_override("zone", "category")}
    _, arrays = infer_and_cast(pa.table({"zone": words}), said)
    expected = ["20", "20", "20", "A", "007", "7", "7", None, "True", "True"]
    assert arrays["zone"].to_pylist() == expected
