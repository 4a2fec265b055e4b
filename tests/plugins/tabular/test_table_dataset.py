"""A table becomes typed splits and a schema that follow from it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from check_tables import Held
from mlfw import Kind, LoadContext, Task, UserError
from mlfw_tabular.checks import CHECKS
from mlfw_tabular.csv import Csv
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.parquet import Parquet


def csv(folder: Path, text: str, **options: object) -> Csv:
    path = folder / "data.csv"
    path.write_text(text)
    return Csv(path=str(path), **options)  # type: ignore[arg-type]


def test_the_penguins_are_understood_as_they_are(penguins: Path) -> None:
    splits = Csv(path=str(penguins), target=["Species"]).load(LoadContext())

    kinds = {column.name: column.kind for column in splits.schema.columns}
    assert kinds["Clutch Completion"] is Kind.boolean
    assert kinds["Date Egg"] is Kind.datetime
    assert kinds["Body Mass (g)"] is Kind.number
    assert kinds["Sex"] is Kind.category
    assert splits.schema.task is Task.multiclass
    assert len(splits.schema.classes) == 3
    assert splits.schema.column("Sex").categories == ("FEMALE", "MALE")
    assert splits.schema.column("Sex").missing
    assert splits.train.num_rows + splits.validation.num_rows + splits.test.num_rows == 344


def test_kinds_can_be_overridden_and_columns_dropped(tmp_path: Path, penguins: Path) -> None:
    dataset = Csv(
        path=str(penguins),
        target=["Sex"],
        drop=["Species"],
        columns={"Sample Number": Kind.category},
    )

    schema = dataset.load(LoadContext()).schema

    assert "Species" not in schema.names
    assert schema.column("Sample Number").kind is Kind.category


def test_rows_without_a_target_and_columns_without_a_value_are_left_out(tmp_path: Path) -> None:
    text = "a,b,y\n" + "1,,u\n2,NA,v\n3,,\n" * 20

    splits = csv(tmp_path, text, target=["y"]).load(LoadContext())

    assert splits.schema.names == ("a",)
    assert splits.train.num_rows + splits.validation.num_rows + splits.test.num_rows == 40


def test_the_words_of_a_target_stay_its_classes(tmp_path: Path) -> None:
    schema = csv(tmp_path, "a,y\n" + "1,yes\n2,no\n" * 20, target=["y"]).load(LoadContext()).schema

    assert schema.classes == ("no", "yes")


def test_the_task_can_be_overridden(tmp_path: Path) -> None:
    text = "a,y\n" + "".join(f"{i},{i % 5}\n" for i in range(100))

    assert csv(tmp_path, text, target=["y"]).load(LoadContext()).schema.task is Task.multiclass
    forced = csv(tmp_path, text, target=["y"], task=Task.regression).load(LoadContext())
    assert forced.schema.task is Task.regression
    assert pa.types.is_float64(forced.train["y"].type)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,y\n" + "1,u\n2,v\n" * 9, {"target": ["y"], "task": Task.regression}, "is a category"),
        ("a,y\n" + "1,.5\n2,.7\n" * 9, {"target": ["y"], "task": Task.binary}, "holds fractions"),
        ("a,y\n" + "1,u\n2,v\n3,w\n" * 9, {"target": ["y"], "task": Task.binary}, "has 3 classes"),
        ("a,y\n1,3.5\n2,3.5\n", {"target": ["y"]}, "every value is 3.5"),
        ("a,y\n1,u\n2,v\n", {"target": ["y"], "drop": ["a"]}, "no column is left"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(
    text: str, options: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        csv(tmp_path, text, **options).load(LoadContext())


def test_an_infinite_target_is_no_target(tmp_path: Path) -> None:
    text = "a,y\n" + "".join(f"{i},{i}.5\n" for i in range(30)) + "1,inf\n2,-inf\n"

    splits = csv(tmp_path, text, target=["y"]).load(LoadContext())

    assert splits.train.num_rows + splits.validation.num_rows + splits.test.num_rows == 30


def test_each_format_reads_what_it_writes(tmp_path: Path) -> None:
    table = pa.table({"a b": [1.5, None], "c": ['x,"y"', "ü\nz"], "d": [True, False]})

    for dataset, suffix in ((Csv(), "csv"), (Parquet(), "parquet"), (JsonLines(), "jsonl")):
        path = tmp_path / f"file.{suffix}"
        dataset.write(table, path)
        back = dataset.read(path)
        assert back.column_names == table.column_names
        assert back["c"].to_pylist() == table["c"].to_pylist()


@pytest.mark.parametrize(
    ("options", "content"),
    [
        ({"delimiter": ";"}, "a;y\n1;u\n2;v\n"),
        ({"encoding": "latin-1"}, "a,y\n1,ü\n2,v\n"),
        ({}, "\ufeffa,y\n1,u\n2,v\n"),
        ({}, "a,y\r\n1,u\r\n2,v\r\n"),
        ({}, 'a,y\n"1","u"\n2,"v"'),
    ],
)
def test_a_csv_file_is_read_in_its_dialect(
    options: dict[str, str], content: str, tmp_path: Path
) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(content.encode(options.get("encoding", "utf-8")))

    table = Csv(path=str(path), **options).read(path)  # type: ignore[arg-type]

    assert table.column_names == ["a", "y"]
    assert table["a"].to_pylist() == ["1", "2"]


def test_typed_columns_of_parquet_keep_their_kinds(tmp_path: Path) -> None:
    table = pa.table(
        {
            "code": pa.array([1, 2] * 20).cast(pa.string()),
            "when": pa.array([0, 86400] * 20, pa.timestamp("s", "UTC")),
            "colour": pa.array(["r", "g"] * 20).dictionary_encode(),
            "y": pa.array([True, False] * 20),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")

    splits = Parquet(path=str(tmp_path / "t.parquet"), target=["y"]).load(LoadContext())

    kinds = {column.name: column.kind for column in splits.schema.columns}
    assert kinds == {"code": Kind.number, "when": Kind.datetime, "colour": Kind.category}
    assert splits.schema.classes == ("false", "true")


def test_a_torn_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(UserError, match="not a whole Parquet file"):
        Parquet().read(path)


def test_the_fingerprint_follows_the_content(tmp_path: Path) -> None:
    first = csv(tmp_path, "a\n1\n").fingerprint()

    assert csv(tmp_path, "a\n1\n").fingerprint() == first
    assert csv(tmp_path, "a\n2\n").fingerprint() != first


def test_all_that_follows_the_reading_tells_how_far_it_is() -> None:
    count = 150_000
    numbers = [row / 7 for row in range(count)]
    rows = pa.table({"n": numbers, "word": ["a", "b", "c"] * (count // 3), "y": [0, 1] * 75_000})
    told: list[tuple[int, int | None, str]] = []

    Held(rows=rows).load(LoadContext(progress=lambda *step: told.append(step)))

    counted = [what.partition(", ")[::2] for _, _, what in told]
    assert list(dict.fromkeys(counted[:2])) == [("MB", "kinds of columns")]
    assert [what for _, what in counted if what in CHECKS] == list(CHECKS)
    divided = [(done, total) for done, total, what in told if what == "MB, divided"]
    assert len(divided) == 3
    assert sorted(divided) == divided
    assert divided[-1][0] == divided[-1][1]
