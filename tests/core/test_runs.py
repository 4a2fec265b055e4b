"""Run directories are found, listed, continued, and never overwritten."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from mlfw import UserError
from mlfw.runs import RunDirectory, find_run, list_runs, locked, open_run
from mlfw.runs.directory import FINISHED
from mlfw.runs.lock import is_locked


def frozen(folder: Path, **run: Any) -> dict[str, Any]:
    settings = {"folder": str(folder), "name": None, "dir": None, **run}
    return {
        "seed": 0,
        "run": settings,
        "dataset": {"use": "csv", "path": "/data/my birds.csv"},
        "model": {"use": "tree"},
    }


def test_a_new_run_is_named_after_data_and_model(tmp_path: Path) -> None:
    run, continues = open_run(frozen(tmp_path))

    assert not continues
    assert run.path.name.startswith("my-birds-tree-2")


def test_a_finished_run_is_not_touched_again(tmp_path: Path) -> None:
    first, _ = open_run(frozen(tmp_path))
    first.update(state=FINISHED)

    second, continues = open_run(frozen(tmp_path))

    assert not continues
    assert second.path != first.path
    assert find_run("latest", tmp_path) == second


def test_an_interrupted_run_of_the_same_configuration_is_continued(tmp_path: Path) -> None:
    first, _ = open_run(frozen(tmp_path))
    other = frozen(tmp_path)
    other["seed"] = 1

    assert open_run(frozen(tmp_path)) == (first, True)
    assert open_run(other)[0] != first


def test_a_run_that_goes_on_is_not_continued_by_another_process(tmp_path: Path) -> None:
    first, _ = open_run(frozen(tmp_path))
    with locked(first.path):
        assert open_run(frozen(tmp_path))[0] != first


def test_two_processes_cannot_hold_the_same_run(tmp_path: Path) -> None:
    with locked(tmp_path):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(is_locked, (tmp_path,))
        with pytest.raises(UserError, match="another process works on this run"), locked(tmp_path):
            pass
    assert not is_locked(tmp_path)


def test_a_directory_with_another_configuration_is_refused(tmp_path: Path) -> None:
    here = str(tmp_path / "here")
    open_run(frozen(tmp_path, dir=here))
    other = frozen(tmp_path, dir=here)
    other["model"] = {"use": "svm"}

    with pytest.raises(UserError, match=r"another configuration \(model.use differ"):
        open_run(other)
    assert RunDirectory(Path(here)).frozen()["model"] == {"use": "tree"}


def test_a_directory_left_half_made_is_taken_up(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "config.yaml").write_text("")
    (here / ".tmp-abc").write_text("")

    assert open_run(frozen(tmp_path, dir=str(here)))[0].record().name == "here"


def test_a_run_is_found_by_path_by_name_and_as_latest(tmp_path: Path) -> None:
    run, _ = open_run(frozen(tmp_path, name="first"))

    for text in ("first", str(run.path), "latest"):
        assert find_run(text, tmp_path).path.samefile(run.path)
    with pytest.raises(UserError, match="Did you mean 'first'"):
        find_run("frist", tmp_path)


def test_what_is_no_run_or_damaged_is_passed_over_in_lists(tmp_path: Path) -> None:
    run, _ = open_run(frozen(tmp_path))
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn/run.json").write_text('{"name": ')

    assert list_runs(tmp_path) == [run]
    with pytest.raises(UserError, match="damaged"):
        RunDirectory(tmp_path / "torn").record()


def test_a_killed_run_is_shown_as_interrupted(tmp_path: Path) -> None:
    run, _ = open_run(frozen(tmp_path))

    with locked(run.path):
        assert run.state() == "running"
    assert run.state() == "interrupted"
