"""A few dicts of plain values are predicted sooner than tables, and just as tables are."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mlfw
from mlfw import UserError
from mlfw.pipeline.saved_model import SavedModel
from mlfw.pipeline.tables import to_arrow

ROW = {"size": 3, "tall": True, "colour": "red", "seen": "2024-03-05"}
NUMBERS = st.one_of(
    st.integers(-(2**60), 2**60), st.floats(), st.sampled_from(["3", "x", True, None, ""])
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "size": st.one_of(st.integers(0, 30), st.floats(0, 30), NUMBERS),
    "tall": st.sampled_from([True, False, None, "yes", "NO", "Off", "1.0", "NA", 1, 0.0, "x"]),
    "colour": st.sampled_from(["red", "blue", None, "", "RED", " red", "NA", "green", 1, True]),
    "seen": st.one_of(
        st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1)),
        st.dates(),
        st.dates().map(str),
        st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(str),
        st.sampled_from([None, "", "2024-W01-1", "2024-02-30", datetime(2024, 1, 1, tzinfo=UTC)]),
    ),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    folder = tmp_path_factory.mktemp("plain")
    rows = ["size,tall,colour,seen,good"]
    for i in range(60):
        colour, good = ("red", "blue", "")[i % 3], "yes" if i % 7 > 3 else "no"
        rows.append(f"{i % 30},{'yes' if i % 4 else 'no'},{colour},2024-0{1 + i % 9}-11,{good}")
    (folder / "rows.csv").write_text("\n".join(rows) + "\n")
    data = [f"dataset.path={folder / 'rows.csv'}", "dataset.target=good"]
    return mlfw.run(None, ["dataset=csv", *data, "model=tree", f"run.dir={folder / 'run'}"]).model


def as_a_table(model: SavedModel, rows: list[dict[str, Any]]) -> pa.Table:
    return model.predict_table(to_arrow(rows, model.schema), notes=[])


def test_a_plain_row_is_read_without_a_table(model: SavedModel) -> None:
    for row in (
        ROW,
        {**ROW, "seen": date(2024, 3, 5)},
        dict.fromkeys(ROW),
        {**ROW, "more": []},
        {**ROW, "tall": "Yes"},
    ):
        assert model._predict_plain([row]) is not None
    assert [column.kind.value for column in model.schema.columns] == [
        "number", "boolean", "category", "datetime",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        {"size": "3"},
        {"size": float("nan")},
        {"size": 2**60},
        {"tall": 1},
        {"colour": "green"},
        {"seen": "2024-02-30"},
        {"seen": datetime(2024, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_row_that_is_not_plain_goes_through_a_table(
    model: SavedModel, odd: dict[str, Any]
) -> None:
    assert model._predict_plain([{**ROW, **odd}]) is None


def test_a_missing_key_is_looked_for_as_in_a_table(model: SavedModel) -> None:
    row = {key: value for key, value in ROW.items() if key != "size"}

    with pytest.raises(UserError, match="missing column size"):
        model.predict([row])
    assert model.predict([row, ROW]).num_rows == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=3))
def test_rows_are_predicted_as_in_a_table(model: SavedModel, rows: list[dict[str, Any]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = as_a_table(model, rows)
        except UserError:
            with pytest.raises(UserError):
                model.predict(rows)
            return
        assert model.predict(rows).equals(expected)
