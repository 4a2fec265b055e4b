"""Dates are known and read in the forms in which people write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlfw import Kind
from mlfw.schema.cast import cast
from mlfw_tabular.infer import (
    Inferred,
    infer_and_cast,
    infer_column,
)

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
    (["2024-12-31", "31.12.2024", "1.2.2024 10:00"], "%d.%m.%Y", DAY),
    (["12/31/2024", "2024-12-31T08:00:00Z", "2024-1-5"], "%m/%d/%Y", DAY),
    (["Dec 31, 2024", "2024-01-05"], "%b %d, %Y", DAY),
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
        ["2024-12-31", "31.12.2024", "12/31/2024"],
        ["2024-12-31", "2024-12"],
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
    assert f'dataset.columns.when="datetime {other}"\'' in inferred.notes[0].remedy


@pytest.mark.parametrize("name", ["date", "OrderDate", "birthday", "Datum"])
def test_eight_digits_are_a_date_only_under_a_name_that_says_so(name: str) -> None:
    digits = pa.array(["20241231", "19990101"])

    assert infer_column(name, digits) == Inferred(Kind.datetime, "%Y%m%d")
    assert infer_column("amount", digits) == Inferred(Kind.number)
    assert infer_column(name, pa.array(["20241231", "20241331"])) == Inferred(Kind.number)


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


def test_every_day_is_read_in_every_form() -> None:
    days = [date(1896, 1, 1) + timedelta(days=97 * i) for i in range(800)]

    for written in ("%d.%m.%Y", "%m/%d/%Y", "%d %b %Y", "%b %d, %Y"):
        text = pa.array([day.strftime(written) for day in days])
        moments = cast(text, Kind.datetime, written)
        assert [moment.date() for moment in moments.to_pylist()] == days
