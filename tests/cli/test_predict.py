"""`mlfw predict`: any source of rows, any place for predictions, and what is odd is said."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import mlfw as library
from conftest import Mlfw, environment

HEADER = "id,children,member,zone,joined,y"


def row(i: int, **changes: object) -> str:
    values = {
        "id": f"C-{i * 7919 % 9973:04}",
        "children": int(i % 3 == 0),
        "member": "Yes" if i % 2 else "No",
        "zone": (10, 20, 30)[i % 3],
        "joined": f"2024-03-{i % 28 + 1:02}",
        "y": ("low", "mid", "high")[i % 3],
    }
    return ",".join(str(value) for value in {**values, **changes}.values())


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predict")
    write(folder / "rows.csv", *(row(i) for i in range(90)))
    library.run(
        None,
        ["dataset=csv", f"dataset.path={folder / 'rows.csv'}", "dataset.target=y", "model=tree",
         "dataset.columns.zone=category", "dataset.checks.leaks=off", f"run.dir={folder / 'r'}"],
    )  # fmt: skip
    return folder / "r"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "new.csv", *(row(i) for i in range(6)))


def cells(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_ids_stand_beside_the_predictions(mlfw_here: Mlfw, trained: Path, data: Path) -> None:
    shown = mlfw_here("predict", trained, data)

    assert shown.returncode == 0, shown.stderr
    found = cells(shown.stdout)
    assert list(found[0]) == [
        "id", "prediction", "probability_high", "probability_low", "probability_mid",
    ]  # fmt: skip
    assert [each["id"] for each in found] == [row(i).split(",")[0] for i in range(6)]
    assert [each["prediction"] for each in found] == ["low", "mid", "high"] * 2


@pytest.mark.parametrize(
    ("keep", "names"),
    [
        (["--keep", "zone"], ["zone"]),
        (["--keep", "zone,id"], ["zone", "id"]),
        (["--keep", "y", "--keep", "joined"], ["y", "joined"]),
        (["--keep", ""], []),
    ],
)
def test_other_columns_are_kept_instead(
    mlfw_here: Mlfw, trained: Path, data: Path, keep: list[str], names: list[str]
) -> None:
    shown = mlfw_here("predict", trained, data, *keep)

    assert list(cells(shown.stdout)[0])[: len(names) + 1] == [*names, "prediction"]


def test_a_column_to_keep_that_is_not_there_is_named(
    mlfw_here: Mlfw, trained: Path, data: Path
) -> None:
    shown = mlfw_here("predict", trained, data, "--keep", "zome")

    assert shown.returncode == 2
    assert "missing column zome" in shown.stderr
    assert "Did you mean 'zone'?" in shown.stderr


def test_standard_output_and_files_hold_the_same(
    mlfw_here: Mlfw, trained: Path, data: Path, tmp_path: Path
) -> None:
    stdout = mlfw_here("predict", trained, data).stdout
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        assert mlfw_here("predict", trained, data, "-o", name).returncode == 0

    assert (tmp_path / "out.csv").read_text() == stdout
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines == pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [{k: str(v) for k, v in line.items()} for line in lines] == cells(stdout)


def test_values_that_do_not_fit_or_are_new_are_counted(
    mlfw_here: Mlfw, trained: Path, tmp_path: Path
) -> None:
    odd = write(
        tmp_path / "odd.csv",
        row(0, children=2, zone=99),
        row(1, member="Unknown", zone="20.0"),
        row(2, member="TRUE", zone="030", joined="soon"),
        row(3, member="N"),
    )

    shown = mlfw_here("predict", trained, odd)
    measured = mlfw_here("evaluate", trained, odd)

    assert (shown.returncode, measured.returncode) == (0, 0)
    assert [each["prediction"] for each in cells(shown.stdout)][1:] == ["mid", "high", "low"]
    for text in (shown.stderr, measured.stderr):
        told = [line.removeprefix(f"mlfw: {odd}: ") for line in text.splitlines()]
        assert told == [
            "column 'children': 1 of 4 values is not true or false (also yes/no, y/n, 1/0) and "
            "counts as missing: '2' in row 1.",
            "column 'member': 1 of 4 values is not true or false (also yes/no, y/n, 1/0) and "
            "counts as missing: 'Unknown' in row 2.",
            "column 'joined': 1 of 4 values is not a date or time such as 2024-05-31 or "
            "2024-05-31 14:30:00 and counts as missing: 'soon' in row 3.",
            "column 'zone': 1 of 4 values never occurred in training: '99' in row 1.",
        ]


@pytest.mark.parametrize(
    "alias",
    [
        lambda path: path,
        lambda path: path.parent / "." / ".." / path.parent.name / path.name,
        lambda path: linked(path, "symbolic.csv", Path.symlink_to),
        lambda path: linked(path, "hard.csv", Path.hardlink_to),
    ],
)
def test_predictions_never_take_the_place_of_their_input(
    mlfw_here: Mlfw, trained: Path, data: Path, alias: Callable[[Path], Path]
) -> None:
    before = data.read_bytes()

    shown = mlfw_here("predict", trained, data, "-o", alias(data))

    assert shown.returncode == 2
    assert "is the file that the rows come from" in shown.stderr
    assert "-o new-predictions.csv" in shown.stderr
    assert data.read_bytes() == before


def linked(path: Path, name: str, link: Callable[[Path, Path], None]) -> Path:
    link(path.parent / name, path)
    return path.parent / name


def shell(command: str, trained: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell command in which `predict` stands for the command and the run."""
    predict = f"{sys.executable} -m mlfw predict {trained}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace("predict", predict)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_predictions_go_through_pipes_until_the_reader_has_enough(
    trained: Path, tmp_path: Path
) -> None:
    write(tmp_path / "many.csv", *(row(i) for i in range(20_000)))

    shown = shell("cat many.csv | predict - | head -1", trained, tmp_path)

    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("id,prediction,")


def test_predictions_appended_to_their_input_are_refused(
    trained: Path, data: Path, tmp_path: Path
) -> None:
    before = data.read_bytes()

    shown = shell("predict new.csv >> new.csv", trained, tmp_path)

    assert shown.returncode == 2
    assert "standard output: is the file that the rows come from, new.csv" in shown.stderr
    assert data.read_bytes() == before


Standard = Callable[[bytes], None]


@pytest.fixture
def standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standard]:
    """Return a function that puts bytes on standard input."""
    before = os.dup(0)

    def put(content: bytes) -> None:
        (tmp_path / "standard").write_bytes(content)
        descriptor = os.open(tmp_path / "standard", os.O_RDONLY)
        os.dup2(descriptor, 0)
        os.close(descriptor)
        monkeypatch.setattr(sys, "stdin", open(0, closefd=False))  # noqa: SIM115

    yield put
    os.dup2(before, 0)
    os.close(before)


@pytest.mark.parametrize(
    "words", [["-"], ["/dev/stdin"], ["-", "-o", "-"], ["-", "-o", "/dev/stdout"]]
)
def test_rows_come_from_standard_input(
    mlfw_here: Mlfw, trained: Path, data: Path, standard_input: Standard, words: list[str]
) -> None:
    expected = mlfw_here("predict", trained, data).stdout
    standard_input(data.read_bytes())

    shown = mlfw_here("predict", trained, *words)

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == expected


@pytest.mark.parametrize("compressed", [True, False])
def test_a_format_on_standard_input_is_known_by_its_beginning(
    mlfw_here: Mlfw, trained: Path, data: Path, standard_input: Standard, compressed: bool
) -> None:
    names = HEADER.split(",")
    lines = [json.dumps(dict(zip(names, row(i).split(","), strict=True))) for i in range(6)]
    standard_input(gzip.compress(data.read_bytes()) if compressed else "\n".join(lines).encode())

    shown = mlfw_here("predict", trained, "-")

    assert [each["prediction"] for each in cells(shown.stdout)] == ["low", "mid", "high"] * 2


def test_rows_and_predictions_go_through_pipes_of_the_shell(
    mlfw_here: Mlfw, trained: Path, data: Path
) -> None:
    expected = mlfw_here("predict", trained, data).stdout
    (rows, put), (get, predictions) = os.pipe(), os.pipe()
    os.write(put, data.read_bytes())
    os.close(put)

    shown = mlfw_here("predict", trained, f"/dev/fd/{rows}", "-o", f"/dev/fd/{predictions}")

    os.close(predictions)
    with Path(f"/dev/fd/{get}").open(encoding="utf-8") as pipe:
        assert (shown.returncode, shown.stdout, pipe.read()) == (0, "", expected)
    os.close(get)
    os.close(rows)


def test_no_rows_on_standard_input_are_said(
    mlfw_here: Mlfw, trained: Path, standard_input: Standard
) -> None:
    standard_input(b"")

    shown = mlfw_here("predict", trained, "-")

    assert shown.returncode == 2
    assert shown.stderr.startswith("mlfw: standard input: ")
    assert "/tmp" not in shown.stderr


def test_a_device_that_never_ends_is_refused(mlfw_here: Mlfw, trained: Path) -> None:
    shown = mlfw_here("predict", trained, "/dev/zero")

    assert shown.returncode == 2
    assert "/dev/zero: cannot be read: it is a device" in shown.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
def test_a_full_device_is_said(mlfw_here: Mlfw, trained: Path, data: Path) -> None:
    shown = mlfw_here("predict", trained, data, "-o", "/dev/full")

    assert shown.returncode == 2
    assert "/dev/full: cannot be written: No space left on device" in shown.stderr


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on label sets, every fourth of which is empty."""
    folder = tmp_path_factory.mktemp("labels")
    sets = ("", "red", "blue", "red|blue")
    lines = [f"{i % 4},{i % 5},{sets[i % 4]}" for i in range(80)]
    (folder / "rows.csv").write_text("\n".join(["a,b,tags", *lines]) + "\n")
    library.run(
        None,
        ["dataset=csv", f"dataset.path={folder / 'rows.csv'}", "dataset.target=tags", "model=tree",
         "dataset.checks.all=warn", f"run.dir={folder / 'r'}"],
    )  # fmt: skip
    return folder / "r"


def test_an_empty_label_set_is_an_answer_in_training(tagged: Path) -> None:
    findings = json.loads((tagged / "data/findings.json").read_text())

    assert [each for each in findings if each["check"] == "missing_target"] == []


def test_label_sets_are_written_as_they_were_read(
    mlfw_here: Mlfw, tagged: Path, tmp_path: Path
) -> None:
    rows = tagged.parent / "rows.csv"
    shown = mlfw_here("predict", tagged, rows)
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        mlfw_here("predict", tagged, rows, "-o", name)

    sets = ["", "red", "blue", "blue|red"] * 20
    assert [each["prediction"] for each in cells(shown.stdout)] == sets
    assert (tmp_path / "out.csv").read_text() == shown.stdout
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["prediction"] for line in lines] == sets
    assert pq.read_table(tmp_path / "out.parquet")["prediction"].to_pylist() == sets


@pytest.mark.parametrize("name", ["back.csv", "back.jsonl", "back.parquet"])
def test_written_label_sets_are_taken_back_by_evaluate(
    mlfw_here: Mlfw, tagged: Path, tmp_path: Path, name: str
) -> None:
    rows = tagged.parent / "rows.csv"
    mlfw_here("predict", tagged, rows, "--keep", "a,b", "-o", name)
    file = tmp_path / name
    if name.endswith(".parquet"):
        table = pq.read_table(file)
        names = ["tags" if each == "prediction" else each for each in table.column_names]
        pq.write_table(table.rename_columns(names), file)
    else:
        file.write_text(file.read_text().replace("prediction", "tags"))

    shown = mlfw_here("evaluate", tagged, name, "--json")

    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["accuracy"] == 1
