"""Times, months, durations, units, large numbers and decimals are understood and told."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from check_tables import Held
from mlfw import Kind, LoadContext, Split, UserError, predictions_table
from mlfw.schema import conform
from mlfw.schema.cast import cast
from mlfw_tabular.csv import Csv
from mlfw_tabular.infer import infer_and_cast, infer_column, infer_target, parse_override
from mlfw_tabular.prepare.datetimes import usual_parts


def held(**columns: object) -> Held:
    return Held(rows=pa.table(columns))


EPOCH = datetime(1970, 1, 1)
MOMENTS = [
    (["07:43", "23:59"], "%H:%M", EPOCH.replace(hour=7, minute=43)),
    (["7:43:14", "23:59:00.5"], "%H:%M:%S", EPOCH.replace(hour=7, minute=43, second=14)),
    (["2:30 PM", "12:05 am"], "%I:%M %p", EPOCH.replace(hour=14, minute=30)),
    (["9am", "5pm"], "%I%p", EPOCH.replace(hour=9)),
    (["14h30", "9h05"], "%Hh%M", EPOCH.replace(hour=14, minute=30)),
    (["2021-03", "2020-11"], "%Y-%m", datetime(2021, 3, 1)),
    (["2021/03", "2020/11"], "%Y/%m", datetime(2021, 3, 1)),
    (["03/2021", "11/2020"], "%m/%Y", datetime(2021, 3, 1)),
    (["Mar 2021", "November 2020"], "%b %Y", datetime(2021, 3, 1)),
    (["Mar-21", "Nov-20"], "%b-%y", datetime(2021, 3, 1)),
    (["2021Q3", "2020Q4"], "%YQ%q", datetime(2021, 7, 1)),
    (["Q3 2021", "Q4 2020"], "Q%q %Y", datetime(2021, 7, 1)),
    (["2021-W03", "2020-W53"], "%G-W%V", datetime(2021, 1, 18)),
]


@pytest.mark.parametrize(("values", "written", "first"), MOMENTS)
def test_times_of_day_and_months_are_moments(
    values: list[str], written: str, first: datetime
) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert (columns["x"].kind, columns["x"].format) == (Kind.datetime, written)
    assert arrays["x"][0].as_py() == first
    said, again = infer_and_cast(
        pa.table({"x": values}), {"x": parse_override("x", f"datetime {written}")}
    )
    assert said["x"].format == written
    assert again["x"].equals(arrays["x"])


@pytest.mark.parametrize("values", [["2021-13", "2020-11"], ["25:00 Uhr", "7"], ["2012-13"]])
def test_what_is_no_month_or_time_is_none(values: list[str]) -> None:
    assert infer_column("x", pa.array(values)).kind is Kind.category


def test_six_digits_are_a_month_only_under_a_name_that_says_so() -> None:
    values = pa.array(["202103", "202011"])

    assert infer_column("month", values).format == "%Y%m"
    assert infer_column("amount", values).kind is Kind.number


DURATIONS = [
    (["1:02:03", "30:00:00"], "%H:%M:%S", 3723.0),
    (["95:30", "2:05"], "%M:%S", 5730.0),
    (["2h 50m", "19h", "5m"], "%Hh %Mm", 10_200.0),
    (["1 days 02:03:04", "0 days 00:00:01.5"], "%d days %H:%M:%S", 93_784.0),
    (["PT1H30M", "PT45S"], "PT%HH%MM%SS", 5400.0),
    (["1 hour 5 minutes", "2 hours 1 minute"], "%H hours %M minutes", 3900.0),
    (["1 min 5 secs", "3 mins", "1 sec"], "%M mins %S secs", 65.0),
]


@pytest.mark.parametrize(("values", "written", "seconds"), DURATIONS)
def test_durations_are_numbers_in_seconds(values: list[str], written: str, seconds: float) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert (columns["x"].kind, columns["x"].format) == (Kind.number, written)
    assert arrays["x"][0].as_py() == seconds
    assert "durations in seconds" in columns["x"].notes[0].message


def test_what_may_be_a_time_of_day_or_a_duration_is_told() -> None:
    values = pa.array(["0:43", "3:12"])

    note = str(infer_column("song", values).notes[0])

    assert "'dataset.columns.song=\"number %H:%M\"'" in note
    _, arrays = infer_and_cast(
        pa.table({"song": values}), {"song": parse_override("song", "number %M:%S")}
    )
    assert arrays["song"].to_pylist() == [43.0, 192.0]


def test_rows_are_divided_by_months_in_their_order() -> None:
    months = [f"{2000 + i // 12}-{i % 12 + 1:02}" for i in range(120)]
    rows = pa.table({"month": months, "x": range(120), "y": [i * 1.5 for i in range(120)]})

    splits = Held(rows=rows).load(LoadContext(split=Split(time="month")))

    assert max(splits.train["month"].to_pylist()) < min(splits.test["month"].to_pylist())


@pytest.mark.parametrize(
    ("values", "written", "first"),
    [
        (["1248 CC", "998 CC"], "#,###.# CC", 1248.0),
        (["74 bhp", "81.5 bhp"], "#,###.# bhp", 74.0),
        (["12.5 km/l", "9 km/l"], "#,###.# km/l", 12.5),
        (["36.6°C", "-5°C"], "#,###.#°C", 36.6),
        (["80 m2", "1,200 m2"], "#,###.# m2", 80.0),
        (["12,5 kg", "9 kg"], "#.###,# kg", 12.5),
        (["1 year", "2 years", "10 YEARS"], "#,###.# years", 1.0),
        (["103k", "17K"], "#,###.#[kMBT]", 103_000.0),
        (["1.5M", "950", "12k"], "#,###.#[kMBT]", 1_500_000.0),
        (["$2.5M", "$300k"], "$#,###.#[kMBT]", 2_500_000.0),
    ],
)
def test_a_unit_that_is_the_same_in_all_rows_is_understood_and_told(
    values: list[str], written: str, first: float
) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert (columns["x"].kind, columns["x"].format) == (Kind.number, written)
    assert arrays["x"][0].as_py() == first
    assert columns["x"].notes[0].message.startswith("Values such as")
    assert parse_override("x", f"number {written}").format == written


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (["12 kg", "500 g", "3 kg", "80 g"], "several units (kg, g)"),
        (["12 kg", "13", "14 kg"], "'dataset.columns.x=\"number #.# kg\"'"),
        (["12A", "14B", "17A"], ""),
        (["1st", "2nd", "3rd"], ""),
        (["10-20", "20-30"], ""),
    ],
)
def test_numbers_with_other_units_stay_words(values: list[str], note: str) -> None:
    inferred = infer_column("x", pa.array(values))

    assert inferred.kind is Kind.category
    assert note in " ".join(map(str, inferred.notes))
    assert bool(note) == bool(inferred.notes)


IDS = [2**60, 2**60 + 1]


@pytest.mark.parametrize("values", [IDS, [str(value) for value in IDS]])
def test_large_whole_numbers_that_would_be_merged_are_categories(values: list[object]) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert columns["x"].kind is Kind.category
    assert arrays["x"].to_pylist() == [str(value) for value in IDS]
    assert "dataset.columns.x=number" in columns["x"].notes[0].remedy


@pytest.mark.parametrize(
    "values", [pa.array([2**63, 2**63 + 1], pa.uint64()), pa.array([Decimal(10**20), 10**20 + 1])]
)
def test_no_integer_type_is_merged(values: pa.Array) -> None:
    assert infer_column("x", values).kind is Kind.category


@pytest.mark.parametrize("values", [[10**17, 5 * 10**17, 7], ["1.5e300", "2"], [2.0**60, 1.5]])
def test_large_numbers_that_stay_apart_are_numbers(values: list[object]) -> None:
    assert infer_column("x", pa.array(values)).kind is Kind.number


@pytest.mark.parametrize("as_text", [False, True])
def test_large_whole_numbers_are_exact_as_classes_and_groups(as_text: bool) -> None:
    ids = [IDS[i % 2] for i in range(100)]
    groups = [2**61 + i // 5 for i in range(100)]
    rows = pa.table({"group": groups, "x": [i % 7 for i in range(100)], "y": ids})
    if as_text:
        rows = pa.table({name: rows[name].cast("string") for name in rows.column_names})

    splits = Held(rows=rows).load(LoadContext(split=Split(group="group")))

    assert splits.schema.classes == tuple(map(str, IDS))
    predicted = predictions_table(splits.schema, [[0.1, 0.9]])
    assert str(predicted["prediction"][0]) == str(IDS[1])
    # Merged, all 20 groups were one, which cannot be divided.
    assert (splits.train.num_rows, splits.test.num_rows) == (60, 20)


def test_large_classes_that_are_said_to_be_numbers_are_refused() -> None:
    rows = pa.table(
        {"x": [i % 7 for i in range(40)], "y": [IDS[i % 2] + i % 2 * 512 for i in range(40)]}
    )

    assert not Held(rows=rows).understood(rows).notes
    with pytest.raises(UserError, match="too large to be told apart") as told:
        Held(rows=rows, columns={"y": "number"}).understood(rows)
    assert "dataset.columns.y=category" in str(told.value)


def test_a_large_number_that_is_no_class_is_regressed_on() -> None:
    inferred = infer_target("y", pa.array([10**17 + i for i in range(0, 100_000, 512)]))

    assert inferred.kind is Kind.number


def decimals(folder: Path, text: str) -> dict[str, tuple[str, str]]:
    (folder / "t.csv").write_text(text)
    dataset = Csv(path=str(folder / "t.csv"), target=["ok"])  # type: ignore[arg-type]
    known = dataset.understood(dataset.table())
    notes = {note.column: note.message for note in known.notes}
    return {c.name: (c.format, notes.get(c.name, "")) for c in known.schema.columns}


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows * 6)


def test_other_columns_tell_what_a_comma_is(tmp_path: Path) -> None:
    comma = decimals(tmp_path, "a;b;ok\n" + lines("2,075;3,5;x", "1,250;8,25;y"))
    assert comma["a"][0] == "#.###,#"
    assert "as 'b' is written with a decimal comma" in comma["a"][1]
    point = decimals(tmp_path, "a;b;ok\n" + lines("2,075;3.5;x", "1,250;8.25;y"))
    assert point["a"][0] == "#,###.#"
    assert "as 'b' is written with a decimal point" in point["a"][1]


def test_semicolons_speak_for_decimal_commas(tmp_path: Path) -> None:
    semicolons = decimals(tmp_path, "a;b;ok\n" + lines("2,075;3;x", "1,250;8;y"))
    assert semicolons["a"][0] == "#.###,#"
    assert "semicolons" in semicolons["a"][1]
    commas = decimals(tmp_path, "a,b,ok\n" + lines('"2,075",3,x', '"1,250",8,y'))
    assert commas["a"][0] == "#,###.#"


def test_dots_stand_between_thousands_where_commas_are_decimal(tmp_path: Path) -> None:
    german = decimals(tmp_path, "a;b;ok\n" + lines("2.075;3,5;x", "1.250;8,25;y"))
    assert german["a"][0] == "#.###,#"
    assert "can be read in two ways" in german["a"][1]
    mixed = decimals(tmp_path, "a;b;ok\n" + lines("2.075;3;x", "250;8;y"))
    assert mixed["a"][0] == "#.###,#"
    doubtful = decimals(tmp_path, "a;b;ok\n" + lines("2.075;3;x", "1.250;8;y"))
    assert doubtful["a"][0] == ""
    assert "can be read in two ways" in doubtful["a"][1]
    english = decimals(tmp_path, "a,b,ok\n" + lines("2.075,3,x", "1.250,8,y"))
    assert english["a"] == ("", "")


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        (pa.array([time(7, 43, 14)]), Kind.datetime, EPOCH.replace(hour=7, minute=43, second=14)),
        (pa.array([1], pa.time32("s")), Kind.datetime, EPOCH.replace(second=1)),
        (pa.array([timedelta(minutes=2)]), Kind.number, 120.0),
        (pa.array([1.5]).cast(pa.float16()), Kind.number, 1.5),
        (pa.array([Decimal("1.25")]), Kind.number, 1.25),
        (pa.array([Decimal(3)], pa.decimal256(50, 2)), Kind.number, 3.0),
        (pa.array([3]).dictionary_encode(), Kind.number, 3.0),
        (pa.array(["a"], pa.string_view()), Kind.category, "a"),
        (pa.array(["a"], pa.large_string()), Kind.category, "a"),
        (pa.array([b"ab"]), Kind.category, "ab"),
        (pa.array([b"\x01\xff"], pa.binary(2)), Kind.category, "01ff"),
        (pa.array([b"\x89PNG\r\n"]), Kind.image, b"\x89PNG\r\n"),
    ],
)
def test_every_type_of_arrow_has_a_kind(values: pa.Array, kind: Kind, first: object) -> None:
    columns, arrays = infer_and_cast(pa.table({"x": values}))

    assert columns["x"].kind is kind
    assert arrays["x"][0].as_py() == first
    written = columns["x"].format
    assert cast(values, kind, written).to_pylist() == arrays["x"].to_pylist()


def test_a_time_of_day_that_was_typed_is_read_from_text_when_predicting() -> None:
    rows = pa.table({"at": [time(i % 24, 30) for i in range(40)], "y": ["a", "b"] * 20})
    schema = Held(rows=rows).understood(rows).schema

    again = conform(pa.table({"at": ["07:43:14"]}), schema)

    assert again["at"].to_pylist() == [EPOCH.replace(hour=7, minute=43, second=14)]


def test_a_column_of_times_is_no_identifier_and_has_its_place_in_the_day() -> None:
    """A month has its place in the year; what neither can tell is left out."""
    rows = pa.table(
        {
            "at": [f"{i % 24:02}:{i % 60:02}:{i % 59:02}" for i in range(60)],
            "x": [i % 7 for i in range(60)],
            "y": ["a", "b"] * 30,
        }
    )

    rows = rows.append_column("month", pa.array([f"2021-{i % 12 + 1:02}" for i in range(60)]))

    schema = Held(rows=rows).load(LoadContext()).schema

    assert schema.names == ("at", "x", "month")
    assert usual_parts(schema.column("at")) == ["time", "day"]
    assert usual_parts(schema.column("month")) == ["time", "year"]


def test_what_no_form_of_time_says_is_refused() -> None:
    with pytest.raises(UserError, match="is no form of a datetime"):
        parse_override("x", "datetime %M")
    with pytest.raises(UserError, match="is no form of a number"):
        parse_override("x", "number %H:%Q")
