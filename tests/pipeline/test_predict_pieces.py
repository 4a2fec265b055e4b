"""Rows that are read in pieces are predicted, noted and written as though read as a whole."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from threading import get_ident

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mlfw
import mlfw_tabular.csv
import mlfw_tabular.parquet
from mlfw import Column, Kind, Predictor, Schema, Task, UserError
from mlfw.cli.main import main
from mlfw.pipeline.predict_pieces import NotInPiecesError, PiecePrediction, in_order
from mlfw.pipeline.saved_model import SavedModel
from mlfw.schema.value_notes import ValueNote, sentences
from mlfw_tabular import csv_rows
from mlfw_tabular.csv import Csv
from mlfw_tabular.parquet import Parquet

VALUES = {
    "size": ["1", "-2.5", "1e3", " 3 ", "", "NA", "NaN", "inf", "1,5", "abc", "0x1", "+4"],
    "price": ["1.234,5", "1234,5", "7", "-8,25", "", "?", "1,2,3", "zero", "(3)"],
    "day": ["2024-01-31", "2024-1-5", "2024-01-31 10:00", "2024-01-31T10:00:00Z", "2024-01-31T10",
            "2024-02-30", "", "NA", "31.01.2024", "2024-01-31 10:00:00.1234567", "soon"],
    "due": ["31.01.2024", "1.2.2024", "2024-01-31", "2024-1-5", "", "31.02.2024", "n/a"],
    "open": ["yes", "No", "1", "0.0", "T", "", "maybe", "NULL", "2"],
    "kind": ["red", " red", "RED", "1", "1.0", "01", "007", "7", "true", "True", "", "None",
             "ü", "€ 5", "semi;colon", "com,ma", 'a "quote"', "two\nlines", "1e0"],
    "words": ["good", " fine ", "", "NA", "line\nand line", 'he said "no"', "naïve"],
}  # fmt: skip
SCHEMA = Schema.of(
    (
        Column(name="size", kind=Kind.number),
        Column(name="price", kind=Kind.number, format="#.###,#"),
        Column(name="day", kind=Kind.datetime),
        Column(name="due", kind=Kind.datetime, format="%d.%m.%Y"),
        Column(name="open", kind=Kind.boolean),
        Column(name="kind", kind=Kind.category, categories=("1", "2.5", "007", "red", "true")),
        Column(name="words", kind=Kind.text),
    ),
    Column(name="y", kind=Kind.number),
    Task.regression,
)


class Echo(Predictor):
    """Predicts the columns as they were read."""

    schema = SCHEMA

    def __init__(self, *, threads: bool = True) -> None:
        self.threads = threads

    def predict(self, rows: pa.Table) -> pa.Table:
        kind = rows["kind"].cast(pa.string())
        return rows.set_column(rows.column_names.index("kind"), "kind", kind)

    def for_threads(self) -> Predictor | None:
        return self if self.threads else None

    def save(self, folder: Path) -> None:
        """Write nothing."""


MODEL = SavedModel(SCHEMA, Echo(), "echo", Path())


def beside(rows: pa.Table, predictions: pa.Table) -> pa.Table:
    """Return predictions beside a column that is no part of the schema."""
    return predictions.append_column("kept", rows["more"])


def whole(reader: mlfw.Dataset, path: Path) -> tuple[pa.Table, list[ValueNote]] | UserError:
    notes: list[ValueNote] = []
    try:
        rows = reader.read(path)
        return beside(rows, MODEL.predict_table(rows, notes=notes)), notes
    except UserError as error:
        return error


def in_pieces(
    reader: mlfw.Dataset, path: Path, model: SavedModel = MODEL
) -> tuple[pa.Table, list[ValueNote]]:
    notes: list[ValueNote] = []
    try:
        pieces = reader.read_pieces(path)
        assert pieces is not None
        tables = list(PiecePrediction(model, beside, "x").tables(pieces, notes))
    except UserError as error:
        raise NotInPiecesError from error
    return pa.concat_tables(tables), notes


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small files be read in pieces, of a few rows each."""
    monkeypatch.setattr(mlfw_tabular.csv, "LEAST_BYTES_FOR_PIECES", 0)
    monkeypatch.setattr(mlfw_tabular.parquet, "LEAST_BYTES_FOR_PIECES", 0)
    monkeypatch.setattr(mlfw_tabular.parquet, "PIECE_BYTES", 2000)
    monkeypatch.setattr(csv_rows, "PIECE_BYTES", 2500)
    monkeypatch.setattr(csv_rows, "ROWS_PER_BLOCK", 1)


ROW = st.fixed_dictionaries(
    {name: st.sampled_from(values) for name, values in VALUES.items()}
    | {"more": st.sampled_from(["007", "7.50", "", "NA", "2024-01-31", 'a "b"', "ä\nö"])}
)


def written(rows: list[dict[str, str]], delimiter: str, *, quoted: bool) -> str:
    import csv

    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@settings(max_examples=12, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    first=st.lists(ROW, min_size=1, max_size=8),
    then=st.lists(ROW, min_size=1, max_size=8),
    times=st.integers(1, 6),
    delimiter=st.sampled_from([",", ";", "\t"]),
    quoted=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
)
def test_odd_files_are_read_in_pieces_as_in_one(
    small: None,
    tmp_path: Path,
    first: list[dict[str, str]],
    then: list[dict[str, str]],
    times: int,
    delimiter: str,
    quoted: bool,
    encoding: str,
) -> None:
    path = tmp_path / "rows.csv"
    content = written(first * times + then * times, delimiter, quoted=quoted)
    path.write_bytes(content.encode(encoding))

    expected = whole(Csv(), path)
    try:
        table, notes = in_pieces(Csv(), path)
    except NotInPiecesError:
        return  # it is read as a whole then
    assert not isinstance(expected, UserError)
    assert table.combine_chunks().equals(expected[0].combine_chunks())
    assert sentences(notes) == sentences(expected[1])


def odd_rows(count: int) -> list[dict[str, str]]:
    return [
        {name: values[(row * 7 + row // 5) % len(values)] for name, values in VALUES.items()}
        | {"more": f"{row:04}"}
        for row in range(count)
    ]


@pytest.mark.parametrize("threads", [True, False])
def test_rows_of_all_kinds_come_in_several_pieces(
    small: None,
    tmp_path: Path,
    threads: bool,
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(written(odd_rows(300), ";", quoted=False), encoding="utf-8-sig")
    expected = whole(Csv(), path)
    pieces = Csv().read_pieces(path)
    model = SavedModel(SCHEMA, Echo(threads=threads), "echo", Path())

    table, notes = in_pieces(Csv(), path, model)

    assert pieces is not None
    assert len(list(pieces)) > 3
    assert not isinstance(expected, UserError)
    assert table.combine_chunks().equals(expected[0].combine_chunks())
    assert sentences(notes) == sentences(expected[1])
    assert any("never occurred" in each for each in sentences(notes))
    assert [note.count for note in notes] == [note.count for note in expected[1]]


def test_parquet_is_read_in_pieces_as_in_one(small: None, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = pa.Table.from_pylist(odd_rows(300))
    pq.write_table(table, path, row_group_size=40)
    expected = whole(Parquet(), path)
    pieces = Parquet().read_pieces(path)

    found, notes = in_pieces(Parquet(), path)

    assert pieces is not None
    assert len(list(pieces)) > 3
    assert not isinstance(expected, UserError)
    assert found.combine_chunks().equals(expected[0].combine_chunks())
    assert sentences(notes) == sentences(expected[1])


def test_a_column_that_fits_in_no_row_of_a_piece_may_fit_in_others(
    small: None,
    tmp_path: Path,
) -> None:
    path = tmp_path / "rows.csv"
    rows = [{**row, "size": "bad" if i < 100 else "1"} for i, row in enumerate(odd_rows(200))]
    path.write_text(written(rows, ",", quoted=True))

    _, notes = in_pieces(Csv(), path)

    assert "100 of 200 values are not a number" in sentences(notes)[0]
    path.write_text(written([{**row, "size": "bad"} for row in rows], ",", quoted=True))
    with pytest.raises(NotInPiecesError):
        in_pieces(Csv(), path)


@pytest.mark.parametrize(
    "end",
    [
        "1,2,3\n",  # too few values
        'x,"1,1,1,1,1,1,1\n',  # a quote that is not closed
        "size,price,day,due,open,kind,words,more\n",  # the header again
    ],
)
def test_what_is_wrong_at_the_end_is_left_to_the_whole_file(
    small: None,
    tmp_path: Path,
    end: str,
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(written(odd_rows(200), ",", quoted=False) + end)

    assert isinstance(whole(Csv(), path), UserError)
    with pytest.raises(NotInPiecesError):
        in_pieces(Csv(), path)


def test_results_come_in_order_and_no_more_items_are_made_than_are_worked_on() -> None:
    made: list[int] = []
    makers: set[int] = set()

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            makers.add(get_ident())
            yield number

    results = in_order(items(), lambda number: number * number, 2)

    assert next(results) == 0
    assert len(made) <= 6
    assert list(results) == [number * number for number in range(1, 20)]
    assert len(makers) == 1
    assert get_ident() not in makers


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pieces")
    lines = ["id,size,colour,day,y"]
    lines += [
        f"A{i},{i % 30},{'red' if i % 2 else 'blue'},2024-01-{i % 28 + 1:02},{'ab'[i % 2]}"
        for i in range(90)
    ]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    mlfw.run(
        None,
        ["dataset=csv", f"dataset.path={folder / 'rows.csv'}", "dataset.target=y", "model=tree",
         f"run.dir={folder / 'run'}"],
    )  # fmt: skip
    return folder / "run"


def new_rows(path: Path, *more: str) -> Path:
    lines = ["id,size,colour,day"]
    lines += [f"B{i},{i % 40 or 'bad'},{'green' if i % 9 == 4 else 'red'},2024-02-{i % 28 + 1:02}"
              for i in range(200)]  # fmt: skip
    path.write_text("\n".join([*lines, *more]) + "\n")
    return path


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.csv.gz", "out.jsonl"])
def test_the_command_writes_the_same_in_pieces(
    trained: Path,
    tmp_path: Path,
    name: str,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    rows = new_rows(tmp_path / "rows.csv")
    command = ["predict", str(trained), str(rows), "--keep", "id,day", "-o"]

    def content(path: Path) -> object:
        assert main([*command, str(path)]) == 0
        if path.suffix == ".parquet":
            return pq.read_table(path).combine_chunks().to_pydict()
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()

    expected = content(tmp_path / f"whole-{name}")
    said = capsys.readouterr()
    request.getfixturevalue("small")
    assert content(tmp_path / name) == expected
    again = capsys.readouterr()

    assert again.err == said.err
    assert "never occurred in training" in said.err
    assert again.out == said.out.replace("whole-", "")


def test_predictions_appear_whole_or_not_at_all(
    small: None,
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows, out = new_rows(tmp_path / "rows.csv", "C1,3"), tmp_path / "out.csv"
    out.write_text("before")

    assert main(["predict", str(trained), str(rows), "-o", str(out)]) == 2

    assert "line 202: expected 4 values, found 2" in capsys.readouterr().err
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "rows.csv"]
