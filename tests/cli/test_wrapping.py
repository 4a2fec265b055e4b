"""What is said to people fits their terminal, by whole words, and commands can be copied."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from conftest import Mlfw
from mlfw.cli import main as cli
from mlfw.cli.findings import findings_table
from mlfw.cli.output import say
from mlfw.cli.table import table_lines
from mlfw.cli.wrapping import columns, wrapped
from mlfw.components import Finding
from on_terminal import Terminal, shown_on_terminal
from plugin_folder import write_plugin

PROBLEM = (
    "mlfw: dataset.columns: the column 'annual income' holds words in 12 of 400 rows.\n"
    "  To take it for a number, type: mlfw run dataset=csv dataset.path=data/people.csv "
    "'dataset.columns.\"annual income\"=number'"
)


@pytest.mark.parametrize("width", [40, 60, 80])
def test_messages_wrap_at_whole_words_and_lose_none(width: int) -> None:
    text = "the quick brown fox jumps over the lazy dog " * 5
    lines = wrapped(f"mlfw: {text}\n  {text}", width)

    assert all(columns(line) <= width for line in lines)
    assert " ".join(" ".join(lines).split()) == " ".join(f"mlfw: {text} {text}".split())
    assert all(line.startswith("  ") for line in lines[1:])


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_command_to_type_is_never_broken(width: int) -> None:
    lines = wrapped(PROBLEM, width)

    command = PROBLEM[PROBLEM.index("mlfw run") :]
    assert command in [line.strip() for line in lines]
    assert all(columns(line) <= width for line in lines if "mlfw run" not in line)


@pytest.mark.parametrize(
    "command",
    ["pip install 'mlfw[lightning]'", "/opt/venv/bin/mlfw show model mlp", "export MLFW_CACHE=/d",
     "mlfw predict 'my runs/r 1' new.csv -o out.csv", "wandb sync runs/a/wandb"],
)  # fmt: skip
def test_what_stands_around_a_command_wraps_as_usual(command: str) -> None:
    text = f"It is not there, so type: {command}, and then the same again as you did before."

    lines = wrapped(text, len(command) + 3)

    assert [line for line in lines if command in line]
    assert columns(lines[-1]) <= len(command) + 3
    assert " ".join(line.strip() for line in lines) == text


def test_an_apostrophe_does_not_keep_words_together() -> None:
    lines = wrapped("the run's words and the model's words and nobody's words at all", 24)

    assert all(columns(line) <= 24 for line in lines)


def test_wide_characters_count_for_two_columns_and_marks_for_none() -> None:
    assert columns("データ") == 6
    assert columns("e\u0301") == 1
    assert columns("a\u200bb\ufe0f") == 2
    lines = wrapped("列 " * 30, 20)
    assert max(map(columns, lines)) in (19, 20)


ROWS = [["penguins-tree-20240101", "tree", "accuracy 0.98", "finished", "3d"],
        ["名前-mlp-20240102", "mlp", "accuracy 0.91", "interrupted", "12m"]]  # fmt: skip
HEADING = ["name", "model", "main metric", "state", "age"]


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_a_table_fits_the_terminal_and_keeps_all_its_words(width: int) -> None:
    lines = table_lines(HEADING, ROWS, width)

    assert all(columns(line) <= width for line in lines)
    shown = " ".join(lines).split()
    assert all(word in shown for row in ROWS for cell in row for word in cell.split())


def test_a_table_has_all_the_room_it_wants_in_a_pipe() -> None:
    rows = [["a", "many words " * 30]]

    assert table_lines(["name", "help"], rows, None)[1] == f"a     {rows[0][1]}".rstrip()


def test_columns_stay_aligned_below_wide_characters() -> None:
    first, second = table_lines(["name", "age"], [["名前", "3d"], ["abcd", "4d"]], 80)[1:]

    assert columns(first[: first.index("3d")]) == columns(second[: second.index("4d")])


@pytest.mark.parametrize("width", [40, 80])
def test_findings_fit_a_narrow_terminal_too(width: int) -> None:
    remedy = "Give it another kind, or leave it out: dataset.checks.duplicates=fix."
    finding = Finding(check="duplicates", message="12 of 400 rows are the same", remedy=remedy)

    lines = findings_table([finding], width)

    assert all(columns(line) <= width for line in lines)
    assert "dataset.checks.duplicates=fix." in " ".join(lines).split()


def test_an_error_on_a_terminal_wraps_at_its_width(tmp_path: Path) -> None:
    terminal = Terminal("run", "dataset=csv", "dataset.path=nowhere.csv", "dataset.target=y",
                        "model.depth=3", folder=tmp_path, columns=40)  # fmt: skip
    status, shown = terminal.ended()

    assert status == 2
    lines = shown.replace("\r", "").splitlines()
    assert len(lines) > 1
    assert all(columns(line) <= 40 for line in lines if "mlfw run" not in line)


def test_a_plugin_that_is_set_aside_is_told_of_at_the_width(tmp_path: Path) -> None:
    site = write_plugin(tmp_path, "broken", f"raise ValueError({'no words ' * 20!r})\n")

    shown = shown_on_terminal("show", folder=tmp_path, columns=50, PYTHONPATH=site)

    lines = shown.replace("\r", "").splitlines()
    assert len(lines) > 4
    assert all(columns(line) <= 50 for line in lines)
    assert shown.split().count("words") == 20


def test_an_error_in_a_pipe_is_one_line_a_sentence(mlfw_here: Mlfw) -> None:
    result = mlfw_here("run", "dataset=csv", "dataset.path=" + "deep/" * 50 + "a.csv",
                       "dataset.target=y")  # fmt: skip

    assert result.returncode == 2
    assert result.stderr.splitlines()[0].count("deep") == 50


def test_what_is_said_goes_nowhere_where_standard_error_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("sys.stderr", Gone())
    say("nobody hears this")
    assert cli.main(["run", "nothing"]) == 2
    monkeypatch.setattr("sys.stderr", None)
    say("nor this")
