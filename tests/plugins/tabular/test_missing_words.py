"""Which words mean a missing value, said by a person or found by themselves."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from check_tables import Held
from mlfw import Action, Kind, LoadContext, Schema, Split, UserError
from mlfw.schema import conform
from mlfw.schema.cast import cast
from mlfw_tabular.csv import Csv
from mlfw_tabular.infer import infer_column
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.parquet import Parquet


def table(**columns: list[object]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def held(rows: pa.Table, **options: object) -> Held:
    return Held(rows=rows, **options)  # type: ignore[arg-type]


def labelled(word: str, share: int, rest: tuple[str, ...] = ("mild", "severe")) -> pa.Table:
    """Return 100 rows, of whose targets so many are one word."""
    targets = [word] * share + [rest[i % len(rest)] for i in range(100 - share)]
    return table(x=[float(i % 17) for i in range(100)], y=targets)


@pytest.mark.parametrize("word", ["None", "NA", "null", "N/A"])
def test_a_word_that_most_rows_have_is_a_class(word: str) -> None:
    known = held(labelled(word, 60)).understood(labelled(word, 60))

    assert known.schema.classes == tuple(sorted([word, "mild", "severe"]))
    assert known.rows.num_rows == 100
    assert f"'{word}' (60 rows) was read as a class" in known.notes[0].message


def test_a_word_that_fewer_rows_have_is_missing_and_the_way_back_is_told() -> None:
    known = held(labelled("None", 20)).understood(labelled("None", 20))

    assert known.schema.classes == ("mild", "severe")
    assert known.rows.num_rows == 80
    assert "dataset.columns.y=category" in known.notes[0].remedy


def test_a_word_of_a_target_that_is_said_to_be_a_category_is_a_class() -> None:
    rows = labelled("NA", 5)
    rows = rows.set_column(1, "y", pa.array(["", *rows["y"].to_pylist()[1:]]))

    known = held(rows, columns={"y": "category"}).understood(rows)

    assert known.schema.classes == ("NA", "mild", "severe")
    assert known.rows.num_rows == 99
    assert conform(rows, known.schema, with_target=True)["y"].null_count == 1


def test_a_class_that_is_a_word_for_missing_survives_saving() -> None:
    rows = labelled("None", 60)
    schema = held(rows, missing=[]).understood(rows).schema

    again = Schema.from_json(schema.to_json())

    assert again.target.missing_words == ()
    assert "None" in conform(rows, again, with_target=True)["y"].to_pylist()


def test_a_schema_that_was_saved_before_there_were_such_words_has_the_usual_ones() -> None:
    column = {"name": "x", "kind": "number"}
    schema = Schema.from_json({"columns": [column], "targets": []})

    assert conform(table(x=["1", "NA"]), schema)["x"].to_pylist() == [1.0, None]


def test_the_run_stops_before_it_leaves_out_most_rows() -> None:
    rows = table(x=list(range(100)), y=[None] * 70 + [float(i) for i in range(30)])

    with pytest.raises(UserError, match="70 of 100 rows have no value in the target 'y'") as told:
        held(rows).understood(rows)

    assert "dataset.checks.missing_target=fix" in str(told.value)
    allowed = held(rows, checks={"missing_target": Action.fix}).understood(rows)
    assert allowed.rows.num_rows == 30


def test_na_among_numbers_is_never_a_class() -> None:
    rows = table(x=list(range(100)), y=["NA"] * 60 + [f"{i}.5" for i in range(40)])

    with pytest.raises(UserError, match="60 of 100 rows"):
        held(rows).understood(rows)


@pytest.mark.parametrize(
    ("missing", "values", "read"),
    [
        (["absent"], ["1", "absent", "3"], [1.0, None, 3.0]),
        (["-999"], ["1", "-999", "-999.0"], [1.0, None, None]),
        (["-999"], [1, -999, 3], [1.0, None, 3.0]),
        (["-999"], [1.5, -999.0, 3.0], [1.5, None, 3.0]),
        ([None], ["1", "null", "2"], [1.0, None, 2.0]),
    ],
)
def test_a_person_says_which_words_mean_missing(
    missing: list[str | None], values: list[object], read: list[float | None]
) -> None:
    rows = table(x=values * 10, y=["a", "b", "a"] * 10)

    known = held(rows, missing=missing).understood(rows)

    assert known.rows["x"].to_pylist()[:3] == read
    assert conform(rows, Schema.from_json(known.schema.to_json()))["x"].to_pylist()[:3] == read


def test_the_words_said_take_the_place_of_the_usual_ones() -> None:
    rows = table(x=["NA", "absent", "", "de"] * 10, y=["a", "b"] * 20)

    known = held(rows, missing=["absent"]).understood(rows)

    assert known.rows["x"].to_pylist()[:4] == ["NA", None, None, "de"]


def test_the_words_hold_for_every_source(tmp_path: Path) -> None:
    text = "x,y\n" + "1.5,a\nxxx,b\n" * 10
    (tmp_path / "t.csv").write_text(text)
    line = '{"x": "1.5", "y": "a"}\n{"x": "xxx", "y": "b"}\n'
    (tmp_path / "t.jsonl").write_text(line * 10)

    for dataset in (
        Csv(path=str(tmp_path / "t.csv"), target=["y"], missing=["xxx"]),  # type: ignore[arg-type]
        JsonLines(path=str(tmp_path / "t.jsonl"), target=["y"], missing=["xxx"]),  # type: ignore[arg-type]
    ):
        column = dataset.load(LoadContext()).schema.column("x")
        assert (column.kind, column.missing_words, column.missing) == (
            Kind.number,
            ("xxx",),
            True,
        )


def test_a_large_file_is_read_by_the_words_said(tmp_path: Path) -> None:
    rows = "".join(f"{i % 97}.25,{'ab'[i % 2]},{'ab'[i % 2]}\n" for i in range(700_000))
    (tmp_path / "t.csv").write_text(f"x,y,z\n{rows}NA,a,b\n")
    dataset = Csv(path=str(tmp_path / "t.csv"), target=["y"], missing=["-"])  # type: ignore[arg-type]

    assert dataset.table()["x"].to_pylist()[-1] == "NA"


@pytest.mark.parametrize(
    "mark", ["-", "--", ".", "#N/A", "nil", "?", "n/a", "n.a.", "unknown", "*"]
)
def test_a_mark_among_numbers_is_found_and_told(mark: str) -> None:
    values = [mark, "2.5", "3", "4.25"] * 10

    inferred = infer_column("dose", pa.array(values))

    assert inferred.kind is Kind.number
    if mark not in ("?", "n/a"):  # these are missing anywhere
        assert inferred.notes[0].message.startswith(f"'{mark}' (10 rows) was taken as missing")
        assert mark in (inferred.missing or ())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["-", "2024-01-31", "2024-02-01"], Kind.datetime),
        (["-", "yes", "no"], Kind.boolean),
        (["below limit", *(f"{i}.5" for i in range(20)), "below limit"], Kind.number),
        (["lost", *(f"{i}.5" for i in range(20))], Kind.category),  # once: a mistake, and told so
        (["K", "1", "2", "K"], Kind.category),
        (["yes", "no", "unknown"], Kind.category),
        (["-", "red", "blue"], Kind.category),
        (["-", "--"], Kind.category),
    ],
)
def test_a_mark_stands_among_values_of_one_kind(values: list[str], kind: Kind) -> None:
    assert infer_column("x", pa.array(values)).kind is kind


@pytest.mark.parametrize("word", ["x", "X", "unknown", "missing"])
def test_a_word_among_few_different_numbers_is_a_value(word: str) -> None:
    assert infer_column("x", pa.array(["1", word, "2", "1"] * 20)).kind is Kind.category


@pytest.mark.parametrize("values", [["-", "2.5", "3"], ["gone", "2.5", "3", "gone", "7"]])
def test_a_mark_is_found_where_a_person_says_that_the_column_holds_numbers(
    values: list[str],
) -> None:
    rows = table(x=values * 10, y=["a", "b"] * 5 * len(values))

    known = held(rows, columns={"x": "number"}).understood(rows)

    assert known.rows["x"].null_count == 10 * sum(not v[0].isdigit() for v in values)
    assert "was taken as missing" in known.notes[0].message
    assert conform(rows, known.schema)["x"].null_count == known.rows["x"].null_count


def test_what_is_no_mark_is_refused_as_before() -> None:
    rows = table(x=["1", "2", "3rd"] * 10, y=["a", "b", "a"] * 10)

    with pytest.raises(UserError, match=r"row 3: .*found '3rd'"):
        held(rows, columns={"x": "number"}).understood(rows)


def test_kinds_follow_from_the_rows_that_have_a_target() -> None:
    rows = table(
        name=[*"abcd" * 10, "Average"],
        size=[*("1.5", "2.5", "3.5", "4.5") * 10, "(all)"],
        day=[*("2024-05-01", "2024-05-02") * 20, "2024"],
        gone=[*[None] * 40, "sum"],
        y=[*"uv" * 20, None],
    )

    known = held(rows).understood(rows)

    kinds = {column.name: column.kind for column in known.schema.columns}
    assert kinds == {"name": Kind.category, "size": Kind.number, "day": Kind.datetime}
    assert known.kept.tolist() == list(range(40))


def test_a_value_that_does_not_fit_is_named_by_its_row_in_the_source() -> None:
    rows = table(size=["sum", "1", "x1", "3"] * 10, y=[None, "a", "b", "a"] * 10)

    with pytest.raises(UserError, match=r"row 3: .*found 'x1'"):
        held(rows, columns={"size": "number"}).understood(rows)


def test_words_for_missing_are_told_to_every_kind() -> None:
    words = ("", "gone")
    for kind in (Kind.boolean, Kind.datetime, Kind.category, Kind.text, Kind.labels):
        assert cast(pa.array(["gone", " gone "]), kind, "", words).null_count == 2
    assert cast(pa.array(["NA"]), Kind.category, "", words).null_count == 0


def test_words_that_a_check_makes_missing_are_so_when_predicting() -> None:
    odd = [f"{i}.5" if i % 20 else f"lost {chr(97 + i // 20)}" for i in range(100)]
    rows = table(x=odd, z=[i % 7 for i in range(100)], y=["a", "b"] * 50)

    schema = held(rows, checks={"mixed_types": Action.fix}).load(LoadContext()).schema

    assert schema.column("x").kind is Kind.number
    assert conform(table(x=["lost a", "2.5"], z=[1, 2]), schema)["x"].to_pylist() == [None, 2.5]


def test_streamed_rows_without_a_target_may_hold_anything(tmp_path: Path) -> None:
    """The last row is one of averages, behind what a sample of the rows shows."""
    rows = table(
        month=[*(f"{2000 + i // 12 % 24}-{i % 12 + 1:02}" for i in range(12_000)), None],
        size=[*(["1.5", "-", "2.5"] * 4000), "Average"],
        y=[*(["a", "b"] * 6000), None],
    )
    pq.write_table(rows, tmp_path / "t.parquet")
    (tmp_path / "splits").mkdir()
    dataset = Parquet(path=str(tmp_path / "t.parquet"), target=["y"], stream=True)  # type: ignore[arg-type]

    splits = dataset.load(LoadContext(folder=tmp_path / "splits", split=Split(time="month")))

    kinds = {column.name: column.kind for column in splits.schema.columns}
    assert kinds == {"month": Kind.datetime, "size": Kind.number}
    assert "-" in (splits.schema.column("size").missing_words or ())
    assert any("1 row" in f.message for f in splits.findings if f.check == "missing_target")


def test_a_schema_file_says_which_words_mean_missing(tmp_path: Path) -> None:
    rows = table(
        x=["-", "1.5", "2.5", "gone"] * 10, z=list(range(40)), y=["None", "a", "None", "None"] * 10
    )
    schema = held(rows, columns={"x": "number"}).understood(rows).schema
    schema.save(tmp_path / "schema.json")

    again = held(rows, schema=str(tmp_path / "schema.json")).load(LoadContext()).schema

    assert again.column("x").missing_words == schema.column("x").missing_words
    assert again.classes == ("None", "a")


def test_a_row_without_a_target_need_not_say_where_it_belongs() -> None:
    rows = table(
        x=[float(i) for i in range(31)],
        part=[*["train", "validation", "test"] * 10, "-"],
        y=[*["a", "b"] * 15, None],
    )
    context = LoadContext(split=Split(column="part"))

    assert held(rows).load(context).train.num_rows == 10
    wrong = rows.set_column(1, "part", pa.array(["", *rows["part"].to_pylist()[1:]]))
    with pytest.raises(UserError, match="row 1: expected train, validation or test"):
        held(wrong).load(context)


def test_a_unit_without_its_number_is_missing() -> None:
    inferred = infer_column("power", pa.array(["74 bhp", "bhp", "81.5 bhp"]))

    assert (inferred.kind, inferred.format) == (Kind.number, "#,###.# bhp")
    assert "bhp" in (inferred.missing or ())


def test_what_is_told_of_the_target_comes_first() -> None:
    table = labelled("NA", 20)
    table = table.add_column(
        0, "dose", pa.array(["-" if i % 9 == 0 else str(i) for i in range(100)])
    )

    notes = held(table).understood(table).notes

    assert [note.column for note in notes] == ["y", "dose"]
