"""Options of preparing are checked, and a column's own win over its kind's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlfw import Column, Kind, UserError
from mlfw.components.describe import describe_fields
from mlfw_tabular.prepare import OPTIONS, prepare_options
from mlfw_tabular.prepare.options import column_options

COLUMNS = (
    Column(name="age", kind=Kind.number),
    Column(name="income", kind=Kind.number),
    Column(name="city", kind=Kind.category),
    Column(name="when", kind=Kind.datetime),
)


def test_a_columns_own_options_win_over_its_kinds() -> None:
    given = {
        "number": {"scale": "quantile", "impute": "mean"},
        "age": {"scale": "log"},
        "city": {"encode": "target", "smoothing": 3},
        "when": {"parts": ["day", "time"]},
    }

    columns = prepare_options(given, COLUMNS)

    assert [dict(column.prepare) for column in columns] == [
        {"scale": "log", "impute": "mean"},
        {"scale": "quantile", "impute": "mean"},
        {"encode": "target", "smoothing": 3.0},
        {"parts": ["day", "time"]},
    ]
    json.dumps([column.prepare for column in columns])
    assert column_options(columns[2]).smoothing == 3.0


def test_without_options_columns_stay_as_they_are() -> None:
    assert prepare_options({}, COLUMNS) == COLUMNS


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        ({"numbr": {}}, ["dataset.prepare.numbr", "Did you mean 'number'?"]),
        ({"agee": {"scale": "log"}}, ["dataset.prepare.agee", "Did you mean 'age'?"]),
        ({"age": {"scal": "log"}}, ["dataset.prepare.age.scal", "Did you mean 'scale'?"]),
        ({"age": {"scale": "quantil"}}, ["dataset.prepare.age.scale", "Did you mean 'quantile'?"]),
        ({"age": {"scale": 3}}, ["dataset.prepare.age.scale", "found 3"]),
        ({"age": {"fill": "x"}}, ["dataset.prepare.age.fill", "a number", "'x'"]),
        ({"age": {"fill": True}}, ["dataset.prepare.age.fill", "a number", "True"]),
        ({"age": "log"}, ["dataset.prepare.age", "options by name", "'log'"]),
        ({"city": {"folds": 1}}, ["dataset.prepare.city.folds", "at least 2", "found 1"]),
        ({"city": {"most": 2.5}}, ["dataset.prepare.city.most", "a whole number", "2.5"]),
        ({"when": {"parts": ["weak"]}}, ["dataset.prepare.when.parts", "Did you mean 'week'?"]),
        ({"when": {"parts": []}}, ["dataset.prepare.when.parts", "found none"]),
        ({"when": {"parts": "day"}}, ["dataset.prepare.when.parts", "a list"]),
        ({"image": {"channels": 2}}, ["dataset.prepare.image.channels", "1 or 3, found 2"]),
        ({"image": {"flip": "yes"}}, ["dataset.prepare.image.flip", "true or false"]),
        ({"boolean": {"x": 1}}, ["dataset.prepare.boolean.x", "none"]),
    ],
)
def test_a_mistake_is_named_with_a_remedy(given: dict[str, Any], sentences: list[str]) -> None:
    with pytest.raises(UserError) as error:
        prepare_options(given, COLUMNS)

    for sentence in sentences:
        assert sentence in str(error.value)


@pytest.mark.parametrize("kind", OPTIONS)
def test_every_option_is_explained(kind: Kind) -> None:
    for field in describe_fields(OPTIONS[kind]):
        assert field.help, field.name
