"""What a person says of a column counts, and what cannot be said is refused."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from mlfw import Kind, UserError
from mlfw_tabular.infer import (
    Inferred,
    Source,
    infer_and_cast,
    parse_override,
)


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
    assert arrays["s"][0].as_py() == datetime(2024, 12, 31)


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
