"""A run is measured again, on its test rows or on any file; what is odd about a file is said."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from conftest import Mlfw

RUN = ("run", "dataset=csv", "dataset.path=parts.csv", "dataset.target=state", "model=tree",
       "metrics=[recall,f1,precision,accuracy,auroc,confusion_matrix]", "run.name=r")  # fmt: skip
HEAD = "heat,colour,state"


def rows(count: int, seed: int) -> list[str]:
    """Return rows of which a quarter is `broken`, which nearly follows from the heat."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        state = "fine" if number % 4 else "broken"
        heat = chance.gauss(60 if state == "broken" else 40, 8)
        made.append(f"{heat:.3f},{chance.choice(['red', 'blue'])},{state}")
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evaluate")
    (path / "parts.csv").write_text("\n".join([HEAD, *rows(160, 0)]) + "\n")
    return path


@pytest.fixture
def mlfw(folder: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch) -> Mlfw:
    monkeypatch.chdir(folder)
    if not (folder / "runs").exists():
        (folder / "out.txt").write_text(mlfw_here(*RUN).stdout)
    return mlfw_here


def evaluated(mlfw: Mlfw, folder: Path, *lines: str, name: str = "new.csv") -> tuple[str, dict]:
    """Return what is printed of a file with these lines, and the same as JSON."""
    (folder / name).write_text("\n".join(lines) + "\n")
    told, data = mlfw("evaluate", "r", name), mlfw("evaluate", "r", name, "--json")
    assert (told.returncode, data.returncode) == (0, 0), told.stderr
    assert "nan" not in told.stdout.lower()
    return told.stdout, json.loads(data.stdout)


def refused(mlfw: Mlfw, folder: Path, *lines: str) -> str:
    (folder / "new.csv").write_text("\n".join(lines) + "\n")
    result = mlfw("evaluate", "r", "new.csv")
    assert result.returncode == 2
    return result.stderr


def test_the_positive_class_is_named_wherever_its_metrics_are(folder: Path, mlfw: Mlfw) -> None:
    summary, report = (folder / "out.txt").read_text(), (folder / "runs/r/report.md").read_text()
    test = json.loads((folder / "runs/r/metrics.json").read_text())["test"]
    listed, again = mlfw("runs").stdout, mlfw("evaluate", "r").stdout
    data = json.loads(mlfw("evaluate", "r", "--json").stdout)

    for text in (summary, again):
        for name in ("f1", "precision", "recall"):
            assert f"{name} (broken)" in text
        assert "accuracy (" not in text
    assert "positive class broken" in summary
    assert "| f1 (broken) |" in report
    assert "positive class broken" in report
    assert test["positive_class"] == dict.fromkeys(("recall", "f1", "precision"), "broken")
    assert test["recall"] > 0.5
    assert f"recall (broken) {test['recall']:.4g} on test" in listed
    assert data == test


def test_the_column_is_called_after_the_file(folder: Path, mlfw: Mlfw) -> None:
    told, data = evaluated(mlfw, folder, HEAD, *rows(20, 1), name="march.csv")

    assert told.splitlines()[0].split() == ["metric", "march.csv"]
    assert "20 rows; the model was trained on none of them" in told
    assert (data["rows"], data["rows_trained_on"], data["unknown_classes"]) == (20, 0, {})


def test_rows_that_the_model_was_trained_on_are_counted(folder: Path, mlfw: Mlfw) -> None:
    told, data = evaluated(mlfw, folder, HEAD, *rows(160, 0), *rows(10, 1))

    assert data["rows_trained_on"] == 96  # 60 % of 160
    assert "170 rows; the model was trained on 96 of them" in told


def test_without_the_runs_data_it_is_said_that_nothing_is_known_of_it(
    folder: Path, mlfw: Mlfw
) -> None:
    (folder / "runs/r/data").rename(folder / "away")
    try:
        told, data = evaluated(mlfw, folder, HEAD, *rows(8, 1))
    finally:
        (folder / "away").rename(folder / "runs/r/data")

    assert data["rows_trained_on"] is None
    assert "is not known" in told


def test_classes_that_training_never_saw_are_said_with_how_they_count(
    folder: Path, mlfw: Mlfw
) -> None:
    told, data = evaluated(mlfw, folder, HEAD, *rows(8, 1), "50,red,BROKEN", "50,red,lost",
                           "51,red,lost")  # fmt: skip

    assert data["unknown_classes"] == {"state": {"lost": 2, "BROKEN": 1}}
    assert "3 of 11 rows are of a class of 'state' that training never saw" in told
    assert "count as wrong predictions: 'lost' (2), 'BROKEN' (1)" in told
    assert "'BROKEN' is written 'broken' there" in told


@pytest.mark.parametrize("state", ["fine", "broken"])
def test_with_rows_of_one_class_it_is_said_what_cannot_be_computed(
    state: str, folder: Path, mlfw: Mlfw
) -> None:
    told, data = evaluated(mlfw, folder, HEAD, f"40,red,{state}", f"61,red,{state}")

    assert data["auroc"] is None
    assert any("cannot be computed" in note for note in data["notes"])
    if state == "broken":
        assert "auroc cannot be computed: all 2 rows are of the class 'broken'" in told
        assert data["recall"] is not None
    else:
        assert data["f1"] is None
        assert "recall, f1, precision cannot be computed: no row is of the class 'broken'" in told


def test_ranking_without_a_row_of_the_positive_class_is_said_as_such(
    folder: Path, mlfw: Mlfw
) -> None:
    told, data = evaluated(mlfw, folder, HEAD, "40,red,fine", "41,red,lost")

    assert data["auroc"] is None
    assert "auroc" in told
    assert "not a number" not in told


def test_rows_from_standard_input_are_evaluated(
    folder: Path, mlfw: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["Broken parts", "", HEAD, *rows(12, 3), "x,red,fine"]
    (folder / "piped").write_text("\n".join(lines) + "\n")

    with (folder / "piped").open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        shown = mlfw("evaluate", "r", "-")

    assert shown.stdout.splitlines()[0].split() == ["metric", "standard", "input"]
    assert "lines 1 to 2 are no part of the table" in shown.stderr
    assert "standard input: column 'heat': 1 of 13 values is not a number" in shown.stderr


def test_one_row_is_measured_as_far_as_it_can_be(folder: Path, mlfw: Mlfw) -> None:
    told, data = evaluated(mlfw, folder, HEAD, "61,red,broken")

    assert "auroc cannot be computed: the only row is of the class 'broken'" in told
    assert data["accuracy"] in (0.0, 1.0)


def test_other_orders_delimiters_and_columns_are_read(folder: Path, mlfw: Mlfw) -> None:
    plain = [line.split(",") for line in [HEAD, *rows(12, 2)]]
    _, data = evaluated(mlfw, folder, *(",".join(line) for line in plain))
    turned = [";".join([c, "7" if c != "state" else "extra", b, a]) for a, b, c in plain]

    assert evaluated(mlfw, folder, *turned)[1] == data


def test_rows_whose_inputs_are_all_missing_are_measured(folder: Path, mlfw: Mlfw) -> None:
    assert evaluated(mlfw, folder, HEAD, ",,fine", ",,broken")[1]["rows"] == 2


def test_rows_without_a_target_are_left_out_and_counted(folder: Path, mlfw: Mlfw) -> None:
    told, data = evaluated(mlfw, folder, HEAD, *rows(8, 1), "50,red,", "51,blue,")

    assert data["rows"] == 8
    assert "2 without a value in the target left out" in told


def test_a_file_that_cannot_be_measured_ends_with_what_to_do(folder: Path, mlfw: Mlfw) -> None:
    no_target = refused(mlfw, folder, "heat,colour", "50,red")
    assert "missing column state, the target; found heat, colour" in no_target
    assert "mlfw predict runs/r new.csv" in no_target.replace("./", "")
    renamed = refused(mlfw, folder, "heat,colour,STATE", "50,red,fine")
    assert "Rename the column 'STATE' to 'state'. To predict rows without it, type:" in renamed
    assert "holds no rows, only columns heat, colour, state" in refused(mlfw, folder, HEAD)
    assert "none of 2 rows has a value in the target 'state'" in refused(
        mlfw, folder, HEAD, "50,red,", "51,red,"
    )
    (folder / "new.csv").write_text("")
    assert "new.csv: the file is empty" in mlfw("evaluate", "r", "new.csv").stderr


def test_a_run_that_did_not_finish_is_named_as_such(folder: Path, mlfw: Mlfw) -> None:
    record = folder / "runs/r/run.json"
    content = record.read_text()
    record.write_text(json.dumps({**json.loads(content), "state": "running"}))
    try:
        assert "runs/r: the run was interrupted" in mlfw("evaluate", "r").stderr
        assert "interrupted" in mlfw("runs").stdout
        assert "no run in" in mlfw("evaluate", "latest").stderr
        shutil.copytree(folder / "runs/r", folder / "runs/half")
        shutil.rmtree(folder / "runs/half/model")
        without = mlfw("predict", "half", "parts.csv")
        assert without.returncode == 2
        assert "half: the run has saved no model; it was interrupted" in without.stderr
    finally:
        record.write_text(content)
        shutil.rmtree(folder / "runs/half", ignore_errors=True)


def test_help_says_which_class_a_metric_is_of(mlfw: Mlfw) -> None:
    told = " ".join(mlfw("show", "metrics", "f1").stdout.split())

    assert "positive class: the class of fewer rows, unless dataset.positive names" in told


SPELT = ["HEAT,Colour,STATE", "50,red,fine", "61,blue,broken"]


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_columns_spelt_otherwise_are_told_to_be_renamed_and_then_it_works(
    command: str, folder: Path, mlfw: Mlfw
) -> None:
    (folder / "new.csv").write_text("\n".join(SPELT) + "\n")
    first = mlfw(command, "r", "new.csv")

    assert first.returncode == 2
    pairs = ["'HEAT' to 'heat'", "'Colour' to 'colour'", "'STATE' to 'state'"]
    assert f"Rename the columns {', '.join(pairs[: 3 if command == 'evaluate' else 2])}." in (
        first.stderr
    )
    assert "mlfw predict" not in first.stderr  # which would fail too
    assert ("state (the target)" in first.stderr) == (command == "evaluate")
    (folder / "new.csv").write_text("\n".join(["heat,colour,state", *SPELT[1:]]) + "\n")
    assert mlfw(command, "r", "new.csv").returncode == 0


def test_what_is_said_of_a_file_stands_apart_from_its_metrics(folder: Path, mlfw: Mlfw) -> None:
    told, _ = evaluated(mlfw, folder, HEAD, *rows(8, 1))

    table, notes = told.split("\n\n")
    assert "accuracy" in table
    assert notes.startswith("8 rows; the model was trained on")
