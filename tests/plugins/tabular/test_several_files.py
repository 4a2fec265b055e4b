"""Several files are one table; files kept apart stay apart."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.csv import write_csv

from conftest import Mlfw
from mlfw import LoadContext, UserError
from mlfw.components import megabytes
from mlfw.pipeline.row_files import read_rows, row_format, write_rows
from mlfw.plugins import load_plugins
from mlfw_tabular.csv import Csv
from mlfw_tabular.jsonl import JsonLines
from mlfw_tabular.parquet import Parquet
from mlfw_tabular.parquet_source import open_source


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Three files with the same columns, the last in another order and way of writing."""
    (tmp_path / "a.csv").write_text("n,y\n1,u\n2,v\n")
    (tmp_path / "b.csv").write_text("n,y\n3,u\n")
    (tmp_path / "c.csv").write_text("y;n\nv;4\n")
    return tmp_path


def test_a_pattern_stands_for_its_files_in_the_order_of_names(parts: Path) -> None:
    table = Csv(path=[str(parts / "*.csv")]).table()

    assert table.to_pydict() == {"n": ["1", "2", "3", "4"], "y": ["u", "v", "u", "v"]}


def test_files_are_read_in_the_order_they_are_named(parts: Path) -> None:
    table = Csv(path=[str(parts / "b.csv"), str(parts / "[a]*.csv")]).table()

    assert table["n"].to_pylist() == ["3", "1", "2"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].csv").write_text("n\n7\n")
    (tmp_path / "a1.csv").write_text("n\n8\n")

    assert Csv(path=[str(tmp_path / "a[1].csv")]).table()["n"].to_pylist() == ["7"]


def test_a_lone_path_is_a_list_of_one_in_python_too(parts: Path) -> None:
    assert Csv(path=str(parts / "a.csv")).path == [str(parts / "a.csv")]  # type: ignore[arg-type]


def test_files_given_for_validation_and_test_are_read_apart(parts: Path) -> None:
    dataset = Csv(
        path=[str(parts / "a.csv")], validation=[str(parts / "b.csv")], test=[str(parts / "c.csv")]
    )

    given = dataset.given()

    assert dataset.table()["n"].to_pylist() == ["1", "2"]
    assert list(given) == ["validation", "test"]
    assert given["validation"]["n"].to_pylist() == ["3"]
    assert given["test"]["n"].to_pylist() == ["4"]
    assert Csv(path=[str(parts / "a.csv")]).given() == {}


def test_the_fingerprint_follows_every_file_and_their_order(parts: Path) -> None:
    a, b, c = (str(parts / f"{name}.csv") for name in "abc")
    prints = [
        Csv(path=[a, b]).fingerprint(),
        Csv(path=[b, a]).fingerprint(),
        Csv(path=[a]).fingerprint(),
        Csv(path=[a], test=[b]).fingerprint(),
        Csv(path=[a], validation=[b]).fingerprint(),
        Csv(path=[a], test=[c]).fingerprint(),
    ]

    assert len(set(prints)) == len(prints)
    assert Csv(path=[a, b]).fingerprint() == prints[0]
    (parts / "b.csv").write_text("n,y\n3,w\n")
    assert Csv(path=[a, b]).fingerprint() != prints[0]


def test_the_fingerprint_does_not_follow_where_files_lie(parts: Path) -> None:
    (parts / "moved").mkdir()
    before = Csv(path=[str(parts / "a.csv")]).fingerprint()
    (parts / "a.csv").rename(parts / "moved/z.csv")

    assert Csv(path=[str(parts / "moved/z.csv")]).fingerprint() == before


def test_a_folder_of_parquet_is_one_table_with_its_partitions(tmp_path: Path) -> None:
    table = pa.table({"n": [1, 2, 3, 4], "year": [2023, 2023, 2024, None], "c": list("xyxx")})
    pq.write_to_dataset(table, tmp_path / "data", partition_cols=["year", "c"])
    (tmp_path / "data/_SUCCESS").touch()
    (tmp_path / "data/_delta_log").mkdir()
    (tmp_path / "data/_delta_log/1.parquet").touch()

    dataset = Parquet(path=[str(tmp_path / "data")])
    found = dataset.table().sort_by("n")

    assert found.to_pydict() == {
        "n": [1, 2, 3, 4],
        "year": ["2023", "2023", "2024", None],
        "c": ["x", "y", "x", "x"],
    }
    streamed = pa.concat_tables(open_source(dataset.sources("path")).batches()).sort_by("n")
    assert streamed.select(found.column_names).to_pydict() == found.to_pydict()


def test_files_of_kindred_types_are_one_table(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": pa.array([1], pa.int32())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"n": pa.array([2.5])}), tmp_path / "b.parquet")
    pq.write_table(pa.table({"n": pa.array([None], pa.null())}), tmp_path / "c.parquet")

    dataset = Parquet(path=[str(tmp_path / "*.parquet")])

    assert dataset.table()["n"].to_pylist() == [1.0, 2.5, None]
    assert pa.concat_tables(open_source(dataset.sources("path")).batches())["n"].to_pylist() == [
        1.0,
        2.5,
        None,
    ]


def test_files_of_foreign_types_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"n": 1, "m": 1}\n')
    (tmp_path / "b.jsonl").write_text('{"n": 2, "m": {"x": 1}}\n')

    with pytest.raises(UserError, match=r"b\.jsonl: column 'm': expected int64 .*found struct"):
        JsonLines(path=[str(tmp_path / "*.jsonl")]).table()


def test_files_of_other_columns_are_refused_when_streamed_too(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1], "m": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"n": [1], "k": [1]}), tmp_path / "b.parquet")

    dataset = Parquet(path=[str(tmp_path / "*.parquet")])

    for read in (dataset.table, dataset.size):
        with pytest.raises(UserError, match=r"b\.parquet: .*no column m; it has k besides"):
            read()


def test_a_torn_file_among_several_is_named_when_streamed_too(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-5])

    with pytest.raises(UserError, match=r"b\.parquet: not a whole Parquet file"):
        open_source(Parquet(path=[str(tmp_path / "*.parquet")]).sources("path"))


def test_files_kept_apart_are_not_streamed_unsaid(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1], "y": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"n": [2], "y": [1]}), tmp_path / "b.parquet")
    dataset = Parquet(
        path=[str(tmp_path / "a.parquet")],
        test=[str(tmp_path / "b.parquet")],
        target=["y"],
        stream=True,
    )

    with pytest.raises(UserError, match=r"dataset\.stream"):
        dataset.load(LoadContext(folder=tmp_path / "out"))


def test_progress_is_told_now_and_then_and_never_too_often(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv.gz", "c.csv"):
        with pa.output_stream(tmp_path / name) as file:
            write_csv(pa.table({"n": range(1_500_000)}), file)
    told: list[tuple[int, int | None, str]] = []
    dataset = Csv(path=[str(tmp_path / "*.csv*")])

    start = time.monotonic()
    table = dataset.table(lambda *step: told.append(step))
    seconds = time.monotonic() - start

    assert table.num_rows == 4_500_000
    assert 1 <= len(told) <= seconds * 10 + 1
    done = [step[0] for step in told]
    assert done == sorted(done)
    assert {step[1] for step in told} == {
        sum(f.stat().st_size for f in tmp_path.iterdir()) // 10**6
    }


def test_progress_is_told_while_files_are_compared_with_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(megabytes, "SHORTEST", 0.0)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(b"x" * 3_000_000)
    told: list[tuple[int, int | None, str]] = []
    dataset = Csv(path=[str(tmp_path / "a.csv")], test=[str(tmp_path / "b.csv")])

    found = dataset.fingerprint(lambda *step: told.append(step))

    assert found == dataset.fingerprint()
    assert [done for done, *_ in told] == [1, 2, 3, 4, 5, 6]
    assert told[0] == (1, 6, "MB, checksum of a.csv")
    assert told[-1] == (6, 6, "MB, checksum of b.csv")


def test_progress_is_told_of_files_to_be_predicted_and_of_those_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(megabytes, "SHORTEST", 0.0)
    file = tmp_path / "a.csv"
    file.write_text("n,y\n" + "1,2\n" * 500_000)
    told: list[tuple[int, int | None, str]] = []

    Csv().read(file, lambda *step: told.append(step))
    of_one = len(told)
    Csv(path=["none.csv"], test=[str(file)]).given(lambda *step: told.append(step))

    assert len(told) > of_one > 0
    assert {step[1:] for step in told} == {(2, "MB, a.csv")}


@pytest.mark.parametrize("name", ["r.csv.gz", "r.CSV", "r.jsonl.gz", "r.ndjson", "r.tsv", "r.pq"])
def test_rows_are_read_and_written_by_the_whole_suffix(name: str, tmp_path: Path) -> None:
    registry = load_plugins().registry
    table = pa.table({"word": ["ü", "b"]})

    write_rows(table, tmp_path / name, registry)

    assert read_rows(tmp_path / name, registry).to_pydict() == table.to_pydict()


def test_an_unknown_suffix_is_named_whole(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'\.xlsx\.gz' is not known"):
        row_format(tmp_path / "a.xlsx.gz", load_plugins().registry)


def test_the_whole_way_goes_from_several_compressed_files(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    head, *lines = small_csv.read_text().splitlines(True)
    for number in range(4):
        text = pa.py_buffer((head + "".join(lines[number::4])).encode())
        with pa.output_stream(tmp_path / f"part{number}.csv.gz") as file:
            file.write(text)
    (tmp_path / "run.yaml").write_text(
        "dataset: {use: csv, path: part*.csv.gz, target: good}\nmodel: tree\nrun: {dir: out}\n"
    )

    ran = mlfw_here("run", "run.yaml")
    again = mlfw_here("run", "run.yaml")
    predicted = mlfw_here("predict", "out", "part0.csv.gz", "-o", "p.csv.gz")

    assert ran.returncode == 0, ran.stderr
    assert again.returncode == 0, again.stderr
    assert predicted.returncode == 0, predicted.stderr
    assert Csv().read(tmp_path / "p.csv.gz").num_rows == 10
