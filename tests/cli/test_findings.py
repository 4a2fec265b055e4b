"""What the checks of the data find is shown, and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from conftest import Mlfw
from mlfw import Column, Finding, Kind, Schema, Splits, Task
from mlfw.cli.findings import findings_table
from mlfw.pipeline.data_report import data_report


def finding(check: str, column: str = "", message: str = "odd", *, fixed: bool = False) -> Finding:
    return Finding(check=check, message=message, remedy="Mend it.", column=column, fixed=fixed)


def test_nothing_is_shown_of_nothing() -> None:
    assert findings_table([], 80) == []


@pytest.mark.parametrize("width", [60, 80, 100, 300])
def test_no_line_is_longer_than_the_terminal_and_none_than_eyes_like(width: int) -> None:
    findings = [finding(f"check{i}", "a column", "many words " * 20) for i in range(20)]

    assert max(map(len, findings_table(findings, width))) <= min(width, 110)


def test_columns_with_the_same_finding_share_a_line_and_open_ones_come_first() -> None:
    same = [finding("constant", name, fixed=True) for name in "abcde"]

    lines = [" ".join(line.split()) for line in findings_table([*same, finding("leaks", "x")], 80)]

    assert lines == [
        "check found action",
        "leaks x: odd Mend it.",
        "constant a, b, c and 2 more: odd Mend it.",
    ]


def test_what_is_too_much_for_a_glance_is_counted() -> None:
    many = [finding("outliers", f"column{i}", f"{i} rows") for i in range(500)]
    lines = findings_table([*many, *(finding(f"check{i}") for i in range(20))], 100)

    assert len(lines) <= 16
    assert "column2, column3, column4 and 495 more:" in "".join(lines[3:5])
    assert lines[-1].strip() == "and 11 more: see data.json"


def test_the_report_of_data_says_what_each_column_holds() -> None:
    table = pa.table({"n": [1.0, None, 5.0, 3.0], "c": ["a", "b", "a", None], "y": [1, 2, 1, 2]})
    columns = (
        Column(name="n", kind=Kind.number),
        Column(name="c", kind=Kind.category, categories=("a", "b")),
    )
    target = Column(name="y", kind=Kind.number, integer=True)
    schema = Schema.of(columns, target, Task.binary, ("1", "2"))

    report = data_report(Splits(table, table.slice(1), table.slice(2), schema))

    number, category, wanted = report["columns"]
    assert report["rows"] == {"train": 4, "validation": 3, "test": 2}
    assert number == {
        "name": "n", "role": "input", "kind": "number", "missing": 0.25,
        "min": 1.0, "max": 5.0, "mean": 3.0,
    }  # fmt: skip
    assert category["categories"] == 2
    assert (wanted["role"], wanted["classes"]) == ("target", ["1", "2"])


def test_a_run_shows_and_keeps_what_was_found(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    lines = small_csv.read_text().splitlines()
    lines = [f"{line},{'land' if i == 0 else 'NO'}" for i, line in enumerate(lines)]
    small_csv.write_text("\n".join(lines) + "\n")
    run = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=[good]", "model=tree")

    result = mlfw_here(*run, "run.dir=r")

    assert result.returncode == 0, result.stderr
    assert "constant  land: the same value in every row  Left out." in result.stderr
    data = json.loads((tmp_path / "r/data.json").read_text())
    assert [found["check"] for found in data["findings"]] == ["constant"]
    assert "| constant | land |" in (tmp_path / "r/report.md").read_text()

    failed = mlfw_here(*run, "dataset.checks.constant=fail")
    assert failed.returncode == 2
    assert "dataset.checks.constant=fail: column 'land'" in failed.stderr
    unknown = mlfw_here(*run, "dataset.checks.constnat=fail")
    assert unknown.returncode == 2
    assert "Did you mean 'constant'?" in unknown.stderr


@pytest.mark.parametrize("word", ["off", "warn"])
def test_actions_are_words_on_the_command_line_and_in_files(
    word: str, small_csv: Path, tmp_path: Path, mlfw: Mlfw
) -> None:
    (tmp_path / "c.yaml").write_text(
        f"dataset: {{use: csv, path: small.csv, target: [good], checks: {{all: {word}}}}}\n"
    )

    shown = mlfw("config", "c.yaml", f"dataset.checks.leaks={word}").stdout
    assert yaml.safe_load(shown)["dataset"]["checks"] == {"all": word, "leaks": word}
