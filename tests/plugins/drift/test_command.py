"""`mlfw drift` says which columns moved, how much, and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from conftest import Mlfw
from mlfw.pipeline.manifest import model_version, renew_checksums
from mlfw.pipeline.reference import REFERENCE
from trained_penguins import penguins

from .conftest import WORD, drawn, moved

Write = Callable[..., Path]


def found(mlfw_here: Mlfw, tmp_path: Path, *words: object) -> dict[str, Any]:
    result = mlfw_here("drift", *words, "--json", tmp_path / "drift.json")
    assert result.returncode == 0, result.stderr
    report: dict[str, Any] = json.loads((tmp_path / "drift.json").read_text())
    return report


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["verdict"] for each in report["columns"]}


MOVED = {"Culmen Length (mm)", "Island", "Body Mass (g)"}


def test_rows_like_those_of_training_have_not_moved(
    trained: Path, write: Write, mlfw_here: Mlfw
) -> None:
    result = mlfw_here("drift", trained, write(drawn(600)), "--fail")

    assert result.returncode == 0
    assert "None of 11 columns moved; the predictions are as they were." in result.stdout
    assert "Nothing: no column differs" in result.stdout


def test_what_moved_is_told_with_how_much_and_what_to_do(
    trained: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    path = write(moved(600))
    result = mlfw_here("drift", trained, path, "--fail")
    report = found(mlfw_here, tmp_path, trained, path)

    assert result.returncode == 3
    without_paths = [line for line in result.stdout.splitlines() if "/" not in line]
    assert max(map(len, without_paths)) <= 80
    assert {name for name, verdict in verdicts(report).items() if "moved" in verdict} == MOVED
    columns = {each["name"]: each for each in report["columns"]}
    assert columns["Island"]["unseen"] == pytest.approx(1 / 3)
    assert columns["Island"]["examples"] == [WORD]
    assert columns["Body Mass (g)"]["missing"][1] == pytest.approx(0.25, abs=0.02)
    before, now = columns["Culmen Length (mm)"]["median"]
    assert now - before == pytest.approx(5, abs=2)
    assert "Island: new values; check their spelling" in result.stdout
    assert "Body Mass (g): more is missing than in training" in result.stdout
    assert f"mlfw evaluate {trained}" in " ".join(result.stdout.split())


def test_what_matters_to_the_model_comes_first(
    trained: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    report = found(mlfw_here, tmp_path, trained, write(moved(600)))
    weights = [each["importance"] for each in report["columns"]]

    assert report["ranked"]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1)


def test_test_rows_are_never_looked_at(
    trained: Path, run: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    path = write(moved(300))
    whole = found(mlfw_here, tmp_path, trained, path)
    (run / "data/test.arrow").write_bytes(b"nothing of use")

    assert found(mlfw_here, tmp_path, run, path)["columns"] == whole["columns"]


def test_few_rows_say_how_many_are_needed(
    trained: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    path = write(drawn(15, 5))
    result = mlfw_here("drift", trained, path)
    report = found(mlfw_here, tmp_path, trained, path)

    assert "15 rows are few: about" in result.stdout
    assert report["rows_needed"] > 15
    assert "too few rows" in verdicts(report).values()


def test_a_saved_model_alone_is_enough(
    run: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    path = write(moved(600))
    whole = found(mlfw_here, tmp_path, run, path)
    alone = shutil.copytree(run / "model", tmp_path / "alone")
    report = found(mlfw_here, tmp_path, alone, path)

    assert verdicts(report) == verdicts(whole)
    assert not report["ranked"]


def test_a_run_of_before_is_compared_with_its_data(
    run: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    path = write(moved(600))
    whole = verdicts(found(mlfw_here, tmp_path, run, path))
    (run / "model" / REFERENCE).unlink()
    renew_checksums(run / "model")
    before = verdicts(found(mlfw_here, tmp_path, run, path))
    shutil.rmtree(run / "data")
    result = mlfw_here("drift", run, path)

    assert before == whole
    assert result.returncode == 2
    assert "nothing to compare with" in result.stderr


def test_a_log_is_a_folder_with_predictions_and_columns_left_out(
    trained: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    table = pv.read_csv(write(drawn(600)), convert_options=pv.ConvertOptions(null_values=["NA"]))
    table = table.append_column("prediction", pa.array(["MALE"] * 600)).drop_columns(["Island"])
    table = table.replace_schema_metadata({"mlfw.log": json.dumps({"left_out": ["Island"]})})
    folder = tmp_path / "log"
    folder.mkdir()
    for number in range(3):
        pq.write_table(table.slice(number * 200, 200), folder / f"part-{number}.parquet")
    (folder / ".part-3.parquet.tmp").write_bytes(b"half")

    report = found(mlfw_here, tmp_path, trained, folder)

    assert report["rows"] == 600
    assert report["left_out"] == ["Island"]
    assert not report["predicted"]
    assert report["predictions"][0]["verdict"] == "moved a lot"
    assert not any("moved" in verdict for verdict in verdicts(report).values())


def test_predictions_of_another_version_are_made_anew(
    trained: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    table = pv.read_csv(write(drawn(300)), convert_options=pv.ConvertOptions(null_values=["NA"]))
    table = table.append_column("prediction", pa.array(["MALE"] * 300))
    for version, made in ((model_version(trained / "model"), False), ("another", True)):
        own = table.append_column("model_version", pa.array([version] * 300))
        own = own.replace_schema_metadata({"mlfw.log": '{"left_out": []}'})
        pq.write_table(own, tmp_path / "log.parquet")
        report = found(mlfw_here, tmp_path, trained, tmp_path / "log.parquet")

        assert report["predicted"] is made
        assert report["predictions"][0]["rows"] == (200 if made else 300)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_needs_nothing_else_and_shows_text_as_it_is(
    trained: Path, write: Write, mlfw_here: Mlfw, tmp_path: Path
) -> None:
    result = mlfw_here("drift", trained, write(moved(300)), "--html", tmp_path / "drift.html")
    page = (tmp_path / "drift.html").read_text()
    tags = Tags()
    tags.feed(page)

    assert result.returncode == 0
    assert WORD not in page
    assert "&lt;script&gt;" in page
    assert not {tag for tag, _ in tags.found} & {"script", "link", "img", "iframe"}
    assert not any({"src", "href", "onclick"} & attrs.keys() for _, attrs in tags.found)
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def without(rows: list[dict[str, str]], *names: str) -> list[dict[str, str]]:
    return [{key: row[key] for key in row if key not in names} for row in rows]


def test_a_missing_column_is_named_with_what_to_type(
    trained: Path, write: Write, mlfw_here: Mlfw
) -> None:
    path = write(without(drawn(300), "Island"))
    result = mlfw_here("drift", trained, path)
    again = mlfw_here("drift", trained, path, "--without", "Island")

    assert result.returncode == 2
    assert "missing column Island" in result.stderr
    assert f"mlfw drift {trained} {path} --without Island" in result.stderr
    assert again.returncode == 0
    assert "not compared: Island" in again.stdout


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"a": "1"}, {"a": "2"}], "has none of the model's columns"),
        ([dict.fromkeys(penguins()[0], "x y")] * 3, "expected"),
        ([], "holds no rows"),
    ],
)
def test_rows_of_another_table_are_refused(
    rows: list[dict[str, str]], expected: str, trained: Path, write: Write, mlfw_here: Mlfw
) -> None:
    path = write(rows or penguins())
    if not rows:
        path.write_text(path.read_text().splitlines()[0] + "\n")
    result = mlfw_here("drift", trained, path)

    assert result.returncode == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--without", "Iland"], "Did you mean 'Island'?"),
        (["--html", "."], "found a folder"),
    ],
)
def test_a_mistyped_option_is_refused(
    words: list[str], expected: str, trained: Path, write: Write, mlfw_here: Mlfw
) -> None:
    result = mlfw_here("drift", trained, write(drawn(30)), *words)

    assert result.returncode == 2
    assert expected in result.stderr


def test_a_folder_without_parts_is_refused(trained: Path, mlfw_here: Mlfw, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = mlfw_here("drift", trained, tmp_path / "empty")

    assert result.returncode == 2
    assert "no file in this folder ends in .parquet" in result.stderr
