"""A data frame is predicted as the file it was read from; what the model does not use is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import mlfw
from mlfw import DataWarning, UserError
from mlfw.pipeline.saved_model import SavedModel
from mlfw_service import ServiceOptions
from mlfw_service.reading.rows import RowReader

ROWS = 60
OPTIONS = ServiceOptions(
    name="frames", workers=1, timeout=60, max_concurrency=1, max_body=10_000, max_rows=5
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a file whose first column has no name, and whose names have blanks."""
    folder = tmp_path_factory.mktemp("frames")
    lines = [", power , zone,code,flag,seen,y"]
    for i in range(ROWS):
        zone, code, flag = (10, 20, 30)[i % 3], ("007", "042")[i % 2], ("Yes", "No")[i // 2 % 2]
        y = (i % 3) * 4 + (i % 2) * 2 + (i // 2 % 2) + i / 100
        lines.append(f"{'abc'[i % 5 % 3]},{i % 7}.5,{zone},{code},{flag},0{i % 9 + 1}.03.2024,{y}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    mlfw.run(
        None,
        ["dataset=csv", f"dataset.path={folder / 'rows.csv'}", "dataset.target=y", "model=tree",
         "dataset.columns.zone=category", f"run.dir={folder / 'run'}"],
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> SavedModel:
    return mlfw.load(folder / "run")


@pytest.fixture(scope="module")
def frame(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "rows.csv")


@pytest.fixture(scope="module")
def expected(model: SavedModel, folder: Path) -> list[float]:
    from mlfw_tabular.csv import Csv

    found = model.predict(Csv().read(folder / "rows.csv"))
    values: list[float] = found["prediction"].to_pylist()
    assert len(set(values)) >= 8
    return values


FORMS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "as read": lambda f: f,
    "as text": lambda f: f.astype(str).assign(code=f["code"].astype(str).str.zfill(3)),
    "objects": lambda f: f.astype(object),
    "numbers as floats": lambda f: f.assign(zone=f["zone"] + 0.0),
    "decimals": lambda f: f.assign(zone=[Decimal(v).quantize(Decimal("0.01")) for v in f["zone"]]),
    "categoricals": lambda f: f.astype({"zone": "category", "flag": "category"}),
    "nullable": lambda f: f.convert_dtypes(),
    "arrow": lambda f: f.convert_dtypes(dtype_backend="pyarrow"),
    "dates": lambda f: f.assign(seen=pd.to_datetime(f["seen"], format="%d.%m.%Y")),
    "booleans": lambda f: f.assign(flag=f["flag"] == "Yes"),
    "an index of its own": lambda f: f.set_index("Unnamed: 0"),
    "an unnamed index": lambda f: f.set_index("Unnamed: 0").rename_axis(None),
    "two levels of index": lambda f: f.set_index(["zone", "flag"]),
    "without blanks": lambda f: f.rename(columns=str.strip),
    "other order": lambda f: f[sorted(f.columns)],
    "polars": lambda f: pl.from_pandas(f),
    "arrow table": lambda f: pa.Table.from_pandas(f, preserve_index=False),
    "record batch": lambda f: pa.RecordBatch.from_pandas(f, preserve_index=False),
    "dicts": lambda f: f.to_dict("records"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("error")
def test_a_frame_gives_what_its_file_gives(
    model: SavedModel, frame: pd.DataFrame, expected: list[float], form: str
) -> None:
    given = FORMS[form](frame.rename(columns={" zone": "zone"}))

    found = model.predict(given)

    assert list(found["prediction"] if not isinstance(found, pa.Table) else
                found["prediction"].to_pylist()) == expected  # fmt: skip
    if isinstance(given, pd.DataFrame):
        assert found.index.equals(given.index)
    else:
        assert isinstance(found, pl.DataFrame if form == "polars" else pa.Table)


def test_the_very_frame_of_the_file_is_taken(
    model: SavedModel, frame: pd.DataFrame, expected: list[float]
) -> None:
    assert list(model.predict(frame)["prediction"]) == expected


def test_mixed_values_of_a_column_are_read_as_their_text(
    model: SavedModel, frame: pd.DataFrame, expected: list[float]
) -> None:
    few = frame.drop(columns="code").astype(object)
    few[" power "] = [str(v) if i % 2 else v for i, v in enumerate(few[" power "])]
    few[" zone"] = [f"{v}.0" if i % 2 else v for i, v in enumerate(few[" zone"])]
    few["code"] = [f"{v:03}" for v in frame["code"]]

    assert list(model.predict(few)["prediction"]) == expected


def test_numbered_columns_are_those_of_a_file_without_a_header(tmp_path: Path) -> None:
    lines = [f"{i % 7},{'ab'[i % 2]},{i % 2}.5" for i in range(40)]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    run = mlfw.run(
        None,
        ["dataset=csv", f"dataset.path={tmp_path / 'rows.csv'}", "dataset.target=column_3",
         "model=tree", f"run.dir={tmp_path / 'run'}"],
    )  # fmt: skip

    found = mlfw.load(run.dir).predict(pd.read_csv(tmp_path / "rows.csv", header=None))

    assert found["prediction"].tolist() == [i % 2 + 0.5 for i in range(40)]


class Never:
    """What nobody can make text of."""

    def __repr__(self) -> str:
        raise AssertionError("a column that the model does not use was touched")


UNUSED: dict[str, Any] = {
    "any object": [Never() for _ in range(ROWS)],
    "words and numbers": [1, "free text"] * (ROWS // 2),
    "complex": np.full(ROWS, 1j),
    "nested": [{"a": [1]}, [2]] * (ROWS // 2),
    "periods": pd.period_range("2024-01", periods=ROWS, freq="M"),
}


@pytest.mark.parametrize("name", UNUSED)
def test_a_column_that_the_model_does_not_use_is_never_touched(
    model: SavedModel, frame: pd.DataFrame, expected: list[float], name: str
) -> None:
    more = frame.assign(more=UNUSED[name], y=UNUSED[name])
    twice = pd.concat([more, more[["more"]]], axis=1)

    assert list(model.predict(twice)["prediction"]) == expected


def test_polars_objects_and_dicts_with_anything_else_are_taken(
    model: SavedModel, frame: pd.DataFrame, expected: list[float]
) -> None:
    others = [Never() for _ in range(ROWS)]
    polars = pl.from_pandas(frame).with_columns(pl.Series("more", others, dtype=pl.Object))
    dicts = [{**row, "more": Never(), 5: Never()} for row in frame.to_dict("records")]

    assert model.predict(polars)["prediction"].to_list() == expected
    assert model.predict(dicts)["prediction"].to_pylist() == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda f: f.iloc[0], r"found Series\.\n.*frame\.iloc\[\[0\]\]"),
        (lambda f: pl.from_pandas(f).lazy(), r"found LazyFrame\.\n.*collect"),
        (lambda f: f.iloc[0].to_dict(), r"found dict\.\n.*\[row\]"),
        (lambda f: f.to_numpy(), r"found ndarray\.\n.*columns="),
        (lambda f: f.to_numpy().tolist(), "found list of list"),
        (lambda f: "rows.csv", r"found str\.\n.*mlfw predict"),
        (lambda f: pd.concat([f, f[["flag"]]], axis=1), "the column 'flag' stands there 2 times"),
        (lambda f: f.drop(columns=["flag"]), "missing column flag"),
        (lambda f: f.assign(seen=1j), "column 'seen': expected a date .* none of its 60 values"),
        (lambda f: f.assign(flag=[[1]] * ROWS), "column 'flag': expected true or false"),
    ],
)
def test_what_cannot_be_predicted_is_said(
    model: SavedModel, frame: pd.DataFrame, given: Callable[[Any], Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        model.predict(given(frame))


@pytest.mark.parametrize(
    "gone", [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"),
             Decimal("NaN")]
)  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_what_means_missing_in_any_library_is_missing_in_dicts(
    model: SavedModel, gone: Any
) -> None:
    row = {"column_1": "b", "power": 1.5, "zone": 20, "code": "042", "flag": True, "seen": None}
    names = list(row)

    given = [{**row, name: gone} for name in names] + [dict.fromkeys(names, gone)]
    nothing = [{**row, name: None} for name in names] + [dict.fromkeys(names)]

    assert model.predict(given).equals(model.predict(nothing))


@pytest.mark.filterwarnings("ignore::mlfw.DataWarning")
def test_half_a_character_is_a_value_that_training_never_saw(
    model: SavedModel, frame: pd.DataFrame
) -> None:
    rows = frame.rename(columns={"Unnamed: 0": "column_1"}).to_dict("records")
    rows[0]["column_1"] = "\ud800"

    assert model.predict(rows).num_rows == ROWS
    odd = frame.assign(**{"Unnamed: 0": pd.Series(["\ud800"] * ROWS, dtype=object)})
    assert len(model.predict(odd)) == ROWS


@pytest.mark.filterwarnings("error")
def test_runs_of_one_value_are_read_as_their_values(model: SavedModel, frame: pd.DataFrame) -> None:
    plain = pa.Table.from_pandas(frame)
    runs = [pc.run_end_encode(plain.column(i)) for i in range(plain.num_columns)]

    assert model.predict(pa.table(runs, names=plain.column_names)).equals(model.predict(plain))


def test_a_frame_is_warned_of_as_a_file_is(model: SavedModel, frame: pd.DataFrame) -> None:
    odd = frame.assign(flag=["Unknown", *frame["flag"][1:]]).rename(columns={" zone": "zone"})
    odd.loc[3:4, "zone"] = 99

    with pytest.warns(DataWarning) as warned:
        model.predict(odd)

    told = sorted(str(each.message) for each in warned)
    assert told == [
        "column 'flag': 1 of 60 values is not true or false (also yes/no, y/n, 1/0) and counts as "
        "missing: 'Unknown' in row 1.",
        "column 'zone': 2 of 60 values never occurred in training: '99' in row 4.",
    ]
    assert all(each.filename == __file__ for each in warned)


@pytest.mark.parametrize("zone", [20, 20.0, "20", "20.0", "020", " 20 ", "2e1"])
@pytest.mark.filterwarnings("error")
def test_the_service_knows_a_number_in_every_form_too(
    model: SavedModel, expected: list[float], zone: Any
) -> None:
    row = {"column_1": "b", "power": 1.5, "zone": zone, "code": "042", "flag": True,
           "seen": "2024-03-02"}  # fmt: skip

    rows = RowReader(model.schema, OPTIONS).read(json.dumps([row]).encode())

    assert model.predict(rows.rows)["prediction"].to_pylist() == [expected[1]]
