"""A schema that a run wrote can be edited and used for the next one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from conftest import Mlfw
from mlfw import Column, Kind, Schema, Task, UserError
from mlfw.files import read_json, write_json
from mlfw_tabular.infer import Inferred, infer_and_cast
from mlfw_tabular.schema_file import read_schema_file

AGE = {"name": "age", "kind": "number"}
SOLD = {"column": {"name": "sold", "kind": "category"}}


def written(folder: Path, data: Any) -> Path:
    path = folder / "schema.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_what_a_run_wrote_is_read_as_it_was(tmp_path: Path) -> None:
    schema = Schema.of(
        (
            Column(name="when", kind=Kind.datetime, format="%d.%m.%Y", missing=True),
            Column(name="colour", kind=Kind.category, categories=("blue", "red")),
            Column(name="n", kind=Kind.number, integer=True, prepare={"scale": "none"}),
        ),
        Column(name="sold", kind=Kind.category),
        Task.binary,
        ("no", "yes"),
        (1.0, 2.0),
    )
    schema.save(tmp_path / "schema.json")

    read = read_schema_file(tmp_path / "schema.json")

    assert read.columns == {
        "when": Inferred(Kind.datetime, "%d.%m.%Y"),
        "colour": Inferred(Kind.category),
        "n": Inferred(Kind.number),
        "sold": Inferred(Kind.category),
    }
    assert read.keep == ("when", "colour", "n")
    assert read.prepare == {"n": {"scale": "none"}}
    assert read.targets == ("sold",)
    assert read.tasks == {"sold": Task.binary}


def test_a_name_and_a_kind_are_enough(tmp_path: Path) -> None:
    read = read_schema_file(written(tmp_path, {"columns": [AGE], "targets": [SOLD]}))

    assert read.columns == {"age": Inferred(Kind.number), "sold": Inferred(Kind.category)}
    assert (read.targets, read.tasks) == (("sold",), {})


def test_a_form_that_is_left_out_is_found_out(tmp_path: Path) -> None:
    read = read_schema_file(written(tmp_path, {"columns": [AGE]}))

    columns, arrays = infer_and_cast(pa.table({"age": ["1,5", "2"]}), read.columns)

    assert columns["age"].format == "#.###,#"
    assert arrays["age"].to_pylist() == [1.5, 2.0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{", "schema.json: not JSON"),
        ("[" * 100_000, "schema.json: not JSON"),
        ([], "expected a JSON object"),
        ({}, "the key 'columns' is missing"),
        ({"columns": {}}, "key 'columns': expected a list"),
        ({"columns": [], "target": []}, "unknown key 'target'(.|\n)*'targets'"),
        ({"columns": ["age"]}, "column 1: expected a JSON object"),
        ({"columns": [{"kind": "number"}]}, "column 1, key 'name': expected text"),
        ({"columns": [{"name": 5}]}, "column 1, key 'name': expected text, found 5"),
        ({"columns": [{"name": "age"}]}, "column 'age': the key 'kind' is missing"),
        (
            {"columns": [{"name": "age", "kind": "nummer"}]},
            "column 'age', key 'kind': .*found 'nummer'(.|\n)*'number'",
        ),
        ({"columns": [{"name": "age", "kind": ["number"]}]}, "column 'age', key 'kind'"),
        (
            {"columns": [{**AGE, "formt": "x"}]},
            "column 'age': unknown key 'formt'(.|\n)*'format'",
        ),
        (
            {"columns": [{"name": "d", "kind": "datetime", "format": "%d.%m"}]},
            "column 'd', key 'format': '%d.%m' is no form",
        ),
        ({"columns": [{**AGE, "format": 5}]}, "column 'age', key 'format': expected text"),
        ({"columns": [AGE, AGE]}, "column 'age': stands there twice"),
        ({"columns": [AGE], "targets": [{"column": AGE}]}, "column 'age': stands there twice"),
        (
            {"columns": [{**AGE, "prepare": {"scal": "none"}}]},
            "column 'age', key 'prepare'.scal: no such option",
        ),
        ({"columns": [AGE], "targets": [{"task": "binary"}]}, "target 1: the key 'column'"),
        (
            {"columns": [AGE], "targets": [{**SOLD, "task": "binery"}]},
            "target 'sold', key 'task': .*'binery'(.|\n)*'binary'",
        ),
    ],
)
def test_what_is_wrong_in_it_is_named(data: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as error:
        read_schema_file(written(tmp_path, data))

    assert str(tmp_path / "schema.json") in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dataset.schema: .*schema.json: no such file"):
        read_schema_file(tmp_path / "schema.json")


def test_a_column_that_the_table_lacks_is_named(tmp_path: Path) -> None:
    read = read_schema_file(written(tmp_path, {"columns": [AGE], "targets": [SOLD]}))

    read.check_names(["sold", "age", "x"], "data.csv")
    with pytest.raises(UserError, match=r"column 'age': not in data.csv(.|\n)*'Age'"):
        read.check_names(["Age", "sold"], "data.csv")


def test_a_run_follows_its_edited_schema(small_csv: Path, mlfw_here: Mlfw) -> None:
    def run(name: str, *settings: str) -> dict[str, Any]:
        done = mlfw_here(
            "run", "dataset=csv", f"dataset.path={small_csv}", "model=tree", f"run.dir={name}",
            *settings,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = read_json(Path(name) / "data/schema.json")
        return found

    schema = run("first", "dataset.target=good")
    schema["columns"] = [c for c in schema["columns"] if c["name"] != "price"]
    schema["columns"][0] |= {"kind": "category", "prepare": {"encode": "target"}}
    write_json(Path("mine.json"), schema)

    followed = run("second", "dataset.schema=mine.json")

    assert [c["name"] for c in followed["columns"]] == [c["name"] for c in schema["columns"]]
    assert followed["columns"][0]["kind"] == "category"
    assert followed["columns"][0]["prepare"] == {"encode": "target"}
    assert followed["targets"] == schema["targets"]

    schema["columns"].pop()
    write_json(Path("mine.json"), schema)
    assert len(run("third", "dataset.schema=mine.json")["columns"]) == len(schema["columns"])
