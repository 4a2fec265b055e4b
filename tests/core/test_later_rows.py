"""Later rows with values that do not fit are read all the same, and what is odd is counted."""

from __future__ import annotations

import decimal
from itertools import combinations
from typing import Any

import pyarrow as pa
import pytest

from mlfw import Column, Kind, Schema, Target, Task, UserError
from mlfw.schema import conform
from mlfw.schema.value_notes import Problem, ValueNote, sentences


def schema_of(kind: Kind, **options: Any) -> Schema:
    return Schema(columns=(Column(name="c", kind=kind, **options),), targets=())


def read(values: Any, schema: Schema) -> tuple[list[Any], list[ValueNote]]:
    notes: list[ValueNote] = []
    column = values if isinstance(values, pa.Array) else pa.array(values)
    table = conform(pa.table({"c": column}), schema, notes=notes)
    return table["c"].to_pylist(), notes


@pytest.mark.parametrize(
    ("kind", "written", "values", "read_as", "rows"),
    [
        (Kind.boolean, "", [0, 1, 2, None], [False, True, None, None], [2]),
        (Kind.boolean, "", [0.0, 1.0, 2.5], [False, True, None], [2]),
        (Kind.boolean, "", ["0", "1", "2", ""], [False, True, None, None], [2]),
        (Kind.boolean, "", ["Yes", "Unknown", "No", "Unknown"], [True, None, False, None], [1, 3]),
        (Kind.boolean, "", ["TRUE", "f", "Y", "1.0"], [True, False, True, True], []),
        (Kind.number, "", ["1", "one", " 2 ", "NA"], [1, None, 2, None], [1]),
        (Kind.number, "#.###,# €", ["1.234,5 €", "gratis"], [1234.5, None], [1]),
        (Kind.datetime, "", ["2024-02-30", "2024-02-28 10:00"], [None, 28], [0]),
        (Kind.datetime, "%Y%m%d", [20240228.0, None, 20240230.0], [28, None, None], [2]),
        (Kind.datetime, "%d.%m.%Y", ["31.2.2024", "28.2.2024", "soon"], [None, 28, None], [0, 2]),
    ],
)
def test_a_value_that_does_not_fit_counts_as_missing(
    kind: Kind, written: str, values: list[Any], read_as: list[Any], rows: list[int]
) -> None:
    found, notes = read(values, schema_of(kind, format=written))

    days = [getattr(value, "day", value) for value in found]
    assert days == read_as
    assert [row for note in notes for row in note.rows.tolist()] == rows
    assert all(note.problem is Problem.misfit for note in notes)


ISO_FORMS = (
    *("2024-05-31", "2024-5-31", "2024-05-31 14", "2024-05-31T14", "2024-05-31 14:00"),
    *("2024-05-31T14:00:00", "2024-05-31T14:00:00.000000001", "2024-05-31T14:00:00,0"),
    *("2024-05-31T14:00:00Z", "2024-05-31 16:00+02:00", "2024-05-31T14:00:00+0000"),
    *("2024-05-31 2:00 pm", "2024-05-31 14:00:00 UTC"),
)


@pytest.mark.parametrize(("one", "other"), list(combinations(ISO_FORMS, 2)))
def test_one_column_may_mix_two_forms_of_iso_dates(one: str, other: str) -> None:
    alone = [read([value], schema_of(Kind.datetime))[0][0] for value in (one, other)]

    together, notes = read([one, "soon", other], schema_of(Kind.datetime))

    assert together == [alone[0], None, alone[1]]
    assert {moment.hour for moment in alone} <= {0, 14}
    assert notes[0].rows.tolist() == [1]
    assert read([one, other], schema_of(Kind.datetime)) == (alone, [])


def test_the_sentence_names_column_count_first_row_and_value() -> None:
    _, notes = read(["Yes", "Unknown", "No", "Unknown"], schema_of(Kind.boolean))

    assert sentences(notes) == [
        "column 'c': 2 of 4 values are not true or false (also yes/no, y/n, 1/0) and count as "
        "missing: 'Unknown' in row 2."
    ]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Kind.boolean, ["oui", "non", ""]),
        (Kind.number, ["high", "low"]),
        (Kind.datetime, [1.5, 2.5]),
        (Kind.number, pa.array([[1], [2]])),
        (Kind.category, pa.array([{"a": 1}, {"a": 2}])),
    ],
)
def test_a_column_of_which_no_value_fits_is_refused(kind: Kind, values: Any) -> None:
    with pytest.raises(UserError, match=r"column 'c': expected .*, and none of its 2 values is"):
        read(values, schema_of(kind))


def test_numbers_in_a_column_of_zeros_and_ones_never_refuse_the_file() -> None:
    found, notes = read([2, 3, 4], schema_of(Kind.boolean))

    assert found == [None, None, None]
    assert len(notes[0].rows) == 3


def test_a_lone_value_that_does_not_fit_is_missing() -> None:
    assert read(["Unknown"], schema_of(Kind.boolean))[0] == [None]


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [(Kind.number, "7"), (Kind.boolean, "no"), (Kind.datetime, "2024-01-01")],
)
@pytest.mark.parametrize("word", ["word {}", "{} words of it"])
def test_many_different_values_are_told_apart_at_once(kind: Kind, fitting: str, word: str) -> None:
    values = pa.array([fitting, *(word.format(i) for i in range(20_000))])

    _, notes = read(values, schema_of(kind))

    assert notes[0].rows.tolist() == list(range(1, 20_001))


def test_text_in_a_column_of_images_is_refused() -> None:
    with pytest.raises(UserError, match="none of its 20,000 values"):
        read(pa.array(["", *(f"{i}.png" for i in range(20_000))]), schema_of(Kind.image))


TENS = ("10", "20", "30")
CODES = ("007", "042", "20")


@pytest.mark.parametrize(
    ("categories", "values", "read_as"),
    [
        (TENS, ["20", " 20", "20.0", "020", "+20", "2e1", "20."], ["20"] * 7),
        (TENS, [20, 10], ["20", "10"]),
        (TENS, [20.0, None], ["20", None]),
        (TENS, [decimal.Decimal("20.00")], ["20"]),
        (("0.5", "1.25"), ["0.50", ".5", "1.250"], ["0.5", "0.5", "1.25"]),
        (("10.0", "20.0"), ["20", "10.0"], ["20.0", "10.0"]),
        (("1000000", "2000000"), [1e6, 2e6], ["1000000", "2000000"]),
        (("0", "-1"), ["-0", "-1.0"], ["0", "-1"]),
        (("True", "False", "Maybe"), [True, False], ["True", "False"]),
        (("true", "false"), ["True", "FALSE"], ["true", "false"]),
        (("9007199254740993", "5"), ["9007199254740993.0"], ["9007199254740993"]),
    ],
)
def test_one_number_is_one_category_however_it_is_written(
    categories: tuple[str, ...], values: list[Any], read_as: list[Any]
) -> None:
    found, notes = read(values, schema_of(Kind.category, categories=categories))

    assert found == read_as
    assert notes == []


def test_codes_with_leading_zeros_stay_apart() -> None:
    found, notes = read(["007", "7", "0020", "20.0"], schema_of(Kind.category, categories=CODES))

    assert found == ["007", "7", "0020", "20"]
    assert notes[0].rows.tolist() == [1, 2]


def test_a_code_whose_zeros_a_data_frame_has_lost_is_the_only_one_that_it_can_be() -> None:
    assert read([7, 42, 20], schema_of(Kind.category, categories=CODES))[0] == list(CODES)
    both = schema_of(Kind.category, categories=("007", "07", "8", "08"))
    assert read([7, 8], both)[0] == ["7", "8"]


def test_large_whole_numbers_are_compared_exactly() -> None:
    categories = ("9007199254740992", "9007199254740994")
    found, notes = read(["9007199254740993"], schema_of(Kind.category, categories=categories))

    assert found == ["9007199254740993"]
    assert notes[0].problem is Problem.unseen


def test_categories_that_training_never_saw_are_counted() -> None:
    values = ["red", "mauve", None, "mauve", "teal"]
    found, notes = read(values, schema_of(Kind.category, categories=("blue", "red")))

    assert found == values
    assert str(notes[0]) == (
        "column 'c': 3 of 4 values never occurred in training: 'mauve' in row 2, 'teal' in row 5."
    )


def test_text_is_never_unseen() -> None:
    assert read(["a new sentence"], schema_of(Kind.text))[1] == []


def test_many_odd_columns_are_told_of_in_few_lines() -> None:
    columns = tuple(Column(name=f"c{i}", kind=Kind.category, categories=("a",)) for i in range(20))
    notes: list[ValueNote] = []
    table = pa.table({column.name: ["b", "a"] for column in columns})

    conform(table, Schema(columns=columns, targets=()), notes=notes)

    assert len(notes) == 20
    assert len(sentences(notes)) == 4
    assert sentences(notes)[-1].startswith("17 unseen values in 17 more columns: c3, c4")


def test_control_characters_of_names_and_values_are_shown_not_sent() -> None:
    column = Column(name="a\x1b[31m", kind=Kind.number)
    notes: list[ValueNote] = []
    table = pa.table({column.name: ["1", "\x1b[2J"]})

    conform(table, Schema(columns=(column,), targets=()), notes=notes)

    assert "\x1b" not in sentences(notes)[0]


def test_a_class_of_the_target_is_known_by_its_number() -> None:
    target = Target(
        column=Column(name="y", kind=Kind.category), task=Task.multiclass, classes=("1", "2", "x")
    )
    table = conform(pa.table({"y": ["1.0", "2", "x"]}), Schema(columns=(), targets=(target,)),
                    with_target=True)  # fmt: skip

    assert table["y"].to_pylist() == ["1", "2", "x"]


@pytest.mark.parametrize(
    ("names", "wanted", "index"),
    [
        (["a", " b ", "c"], "b", 1),
        (["a", "b", "c"], " b ", 1),
        (["", "b"], "column_1", 0),
        (["b", "Unnamed: 1"], "column_2", 1),
        (["column_1", "b"], "Unnamed: 0", 0),
        ([" b", "b"], "b", 1),
        (["b", "x", "x"], "b", 0),
    ],
)
def test_a_column_is_found_under_the_name_that_a_library_gives_it(
    names: list[str], wanted: str, index: int
) -> None:
    table = pa.Table.from_arrays([pa.array([float(i)]) for i in range(len(names))], names)
    schema = Schema(columns=(Column(name=wanted, kind=Kind.number),), targets=())

    assert conform(table, schema)[wanted].to_pylist() == [index]


def test_a_used_column_that_stands_there_twice_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["c", "c"])

    with pytest.raises(UserError, match="the column 'c' stands there 2 times"):
        conform(table, schema_of(Kind.number))


def test_the_hint_of_a_misfit_can_be_typed() -> None:
    column = Column(name="a.b c", kind=Kind.number)
    table = pa.table({column.name: ["x", "y"]})

    with pytest.raises(UserError, match=r"""set 'dataset\.columns\."a\.b c"=category'"""):
        conform(table, Schema(columns=(column,), targets=()), notes=[])


SPECIES = ("Adelie", "Chinstrap", "Gentoo", "North Sea 1")


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("Adeli", "Adelie"),
        ("adelie", "Adelie"),
        ("ADELIE ", "Adelie"),
        ("Gento", "Gentoo"),
        ("north-sea 1", "North Sea 1"),
        ("North Sea 2", ""),
        ("Emperor", ""),
        ("A", ""),
    ],
)
def test_the_category_that_was_probably_meant_is_named(value: str, meant: str) -> None:
    _, notes = read(["Gentoo", "Chinstrap", value], schema_of(Kind.category, categories=SPECIES))

    odd = repr(value.strip()) + " in row 3" + (f" (perhaps '{meant}')" if meant else "")
    assert sentences(notes) == [f"column 'c': 1 of 3 values never occurred in training: {odd}."]


def test_of_one_row_only_another_spelling_is_named() -> None:
    _, notes = read(["Adeli", "ADELIE"], schema_of(Kind.category, categories=SPECIES))

    assert notes[0].about("ADELIE") == (
        "column 'c': 'ADELIE' (perhaps 'Adelie') never occurred in training."
    )
    assert notes[0].about("Adeli") == "column 'c': 'Adeli' never occurred in training."
