"""What the checks of the data find is shown, and kept."""

from __future__ import annotations

import json
import re
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
        "constant a, b, c and 2 more columns (report.md): odd Mend it.",
    ]


def check_lines(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines of each check of a table."""
    own: dict[str, list[str]] = {}
    for line in lines[1:]:
        name = line[:12].strip() or list(own)[-1]
        own.setdefault(name, []).append(line[12:])
    return own


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_check_has_more_than_three_lines_and_what_is_left_out_is_counted(width: int) -> None:
    words = "read as words, but 180 of 200 values are numbers; not 'none yet', 'n.a.', 'unknown'"
    many = [
        *(finding("outliers", f"column{i}", f"{i} odd values") for i in range(18)),
        *(finding("constant", f"column{i}", fixed=True) for i in range(18)),
        *(finding("mixed", f"column{i}", f"{words} and {i} more, ") for i in range(5)),
    ]

    shown = check_lines(findings_table(many, width))

    assert set(shown) == {"outliers", "constant", "mixed"}
    assert max(map(len, shown.values())) <= 3
    joined = {name: " ".join(" ".join(lines).split()) for name, lines in shown.items()}
    assert "more columns: report.md" in joined["outliers"].replace("Mend it. ", "")
    assert "column0, column1, column2 and 15 more columns (report.md)" in joined[
        "constant"
    ].replace("Mend it. ", "")
    counted = r"and [34] more columns: report\.md"
    assert re.search(counted, joined["mixed"].replace("Mend it. ", ""))


def test_counts_of_the_same_in_many_columns_are_added_up() -> None:
    counts = [Finding(check="outliers", message=f"{n} outlier{'s' * (n > 1)}", remedy="Clip them.",
                      column=f"x{n}", rows=n) for n in range(1, 19)]  # fmt: skip

    assert [line.split("  ")[-2:] for line in findings_table(counts, 100)[1:]] == [
        ["x1, x2, x3 and 15 more columns (report.md): 171 outliers", "Clip them."]
    ]
    assert findings_table(counts[-1:], 80)[1:] == ["  outliers  x18: 18 outliers  Clip them."]


def test_of_actions_of_many_columns_only_what_all_have_in_common_is_said() -> None:
    own = [
        Finding(check="names", message="a name", remedy=f"Left out. To keep it: key.{name}=text",
                column=name, fixed=True) for name in "ab"
    ]  # fmt: skip

    assert findings_table(own, 80)[1:] == ["  names  a, b: a name  Left out."]
    assert "To keep it: key.a=text" in findings_table(own[:1], 80)[1]


def test_more_checks_than_a_glance_takes_are_counted() -> None:
    lines = findings_table([finding(f"check{i:02}") for i in range(20)], 100)

    assert len(lines) == 14
    assert lines[-1].strip() == "and 8 more: see report.md"


def test_the_report_has_all_columns_and_details(
    tmp_path: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [",".join([*(f"x{i:02}" for i in range(18)), "y"])]
    for row in range(60):
        odd = 9000 if row % 20 == 7 else 0
        numbers = [f"{row * (i % 5 + 2) % 17 + odd}" for i in range(18)]
        lines.append(",".join([*numbers, "ab"[row % 2]]))
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")

    run = ("run", "dataset=csv", "dataset.path=t.csv", "dataset.target=y", "model=tree")
    monkeypatch.setenv("COLUMNS", "120")
    result = mlfw_here(*run, "run.dir=r", "dataset.checks={all: off, outliers: warn}")

    assert result.returncode == 0, result.stderr
    assert result.stderr.count("dataset.checks.outliers=fix") == 1
    assert "x00, x01, x02 and 15 more columns (report.md): 54" in result.stderr
    report = (tmp_path / "r/report.md").read_text()
    assert report.count("| outliers | x") == 18
    assert "(training values outside " in report


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


@pytest.mark.parametrize("word", [pytest.param("off", marks=pytest.mark.slow), "warn"])
def test_actions_are_words_on_the_command_line_and_in_files(
    word: str, small_csv: Path, tmp_path: Path, mlfw: Mlfw
) -> None:
    (tmp_path / "c.yaml").write_text(
        f"dataset: {{use: csv, path: small.csv, target: [good], checks: {{all: {word}}}}}\n"
    )

    shown = mlfw("config", "c.yaml", f"dataset.checks.leaks={word}").stdout
    assert yaml.safe_load(shown)["dataset"]["checks"] == {"all": word, "leaks": word}
