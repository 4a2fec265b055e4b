"""The written forms of numbers and dates mean what they show, and nothing else is one."""

from __future__ import annotations

import re
from datetime import datetime

import pyarrow as pa
import pytest

from mlfw import Kind
from mlfw.schema.cast import CastError, cast
from mlfw.schema.formats import check_format


@pytest.mark.parametrize(
    ("written", "text", "value"),
    [
        ("#,###.#", "1,234.5", 1234.5),
        ("#,###.#", "1234.5", 1234.5),
        ("#,###.#", "-1e3", -1000.0),
        ("#.###,#", "1.234", 1234.0),
        ("#.###,#", "12.5", 12.5),
        ("#.###,#", ",5", 0.5),
        ("#.###", "1.234,5", 1234.5),
        ("#,#", "0,123", 0.123),
        ("$#,###.#", "( $1,234.50 )", None),
        ("$#,###.#", "($1,234.50)", -1234.5),
        ("$#,###.#", "$-5", -5.0),
        ("$#,###.#", "- $5", -5.0),
        ("$#,###.#", "5 $", 5.0),
        ("$#,###.#", "5 €", None),
        ("USD #.#", "usd 12", 12.0),
        ("Fr. #'###.#", "Fr. 1'234.5", 1234.5),
        ("#.#%", "12%", 12.0),
        ("#.#%", "12", 12.0),
        ("#,###.#", "1,23", None),
        ("#,###.#", "1,2345", None),
        ("#,###.#", "", None),
        ("# ###,#", "1\u00a0234,5", 1234.5),
    ],
)
def test_a_number_is_read_by_its_picture(written: str, text: str, value: float | None) -> None:
    if value is None and text:
        with pytest.raises(CastError):
            cast(pa.array([text]), Kind.number, written)
    else:
        assert cast(pa.array([text]), Kind.number, written).to_pylist() == [value]


@pytest.mark.parametrize(
    ("written", "text", "value"),
    [
        ("%d/%m/%Y", "3/4/2024", datetime(2024, 4, 3)),
        ("%d/%m/%Y", "2024-04-03", datetime(2024, 4, 3)),
        ("%d/%m/%Y", "2024-04-03T10:00Z", datetime(2024, 4, 3, 10)),
        ("%d/%m/%Y", "03/04/2024 14:30", datetime(2024, 4, 3, 14, 30)),
        ("%d/%m/%Y", "03/04/2024, 2:30:05.25 p.m.", datetime(2024, 4, 3, 14, 30, 5, 250000)),
        ("%d/%m/%Y", "03/04/2024 14:30 +02:00", datetime(2024, 4, 3, 12, 30)),
        ("%d/%m/%Y", "03/04/2024 23:30-0530", datetime(2024, 4, 4, 5, 0)),
        ("%d/%m/%Y %H:%M", "03/04/2024", datetime(2024, 4, 3)),
        ("%H:%M %d.%m.%Y", "14:30 03.04.2024", datetime(2024, 4, 3, 14, 30)),
        ("%d/%m/%Y", "31/04/2024", None),
        ("%d/%m/%Y", "29/02/2023", None),
        ("%d/%m/%Y", "12/31/2024", None),
        ("%d/%m/%Y", "03/04/24", None),
        ("%d/%m/%Y", "03/04/2024 24:00", None),
        ("%d/%m/%Y", "03/04/2024 13:00 pm", None),
        ("%d/%m/%y", "03/04/68", datetime(2068, 4, 3)),
        ("%d/%m/%y", "03/04/69", datetime(1969, 4, 3)),
        ("%Y%m%d", "20240403", datetime(2024, 4, 3)),
        ("%Y%m%d", "2024043", None),
        ("%B %d, %Y", "sept. 3, 2024", datetime(2024, 9, 3)),
        ("%b %d, %Y", "Marc 3, 2024", None),
    ],
)
def test_a_date_is_read_by_its_template(written: str, text: str, value: datetime | None) -> None:
    if value is None:
        with pytest.raises(CastError):
            cast(pa.array([text]), Kind.datetime, written)
    else:
        assert cast(pa.array([text]), Kind.datetime, written).to_pylist() == [value]


def test_a_date_as_a_whole_number_is_read_by_its_template() -> None:
    assert cast(pa.array([20240403, None]), Kind.datetime, "%Y%m%d").to_pylist() == [
        datetime(2024, 4, 3),
        None,
    ]


@pytest.mark.parametrize(
    ("kind", "written", "message"),
    [
        (Kind.number, "1,234.5", "expected a picture"),
        (Kind.number, "#,###,#", "different marks"),
        (Kind.number, "$#,###.#%", "one symbol"),
        (Kind.datetime, "%d.%m", "expected a day"),
        (Kind.datetime, "%d.%m.%Y %y", "expected a day"),
        (Kind.datetime, "%d.%m.%Y %d", "stands twice"),
        (Kind.datetime, "%d.%m.%Y %Q", "'%Q' is not known"),
        (Kind.datetime, "%d.%m.%Y %", "'%' is not known"),
        (Kind.category, "x", "no other written form"),
    ],
)
def test_what_is_no_form_is_refused(kind: Kind, written: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        check_format(kind, written)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Kind.number, ""),
        (Kind.number, "#,###"),
        (Kind.number, "R$ #.###,#"),
        (Kind.datetime, "%A, %d. %B %Y %I:%M %p"),
        (Kind.labels, ";"),
    ],
)
def test_a_form_is_accepted(kind: Kind, written: str) -> None:
    check_format(kind, written)
