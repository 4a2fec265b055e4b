"""Run directories are found, listed, continued, and never overwritten."""

from __future__ import annotations

import json
import math
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from conftest import PENGUINS, Mlfw
from mlfw import UserError
from mlfw.cache import Cache
from mlfw.runs import RunDirectory, find_run, list_runs, locked, open_run
from mlfw.runs.lock import is_locked
from mlfw.runs.record import FAILED, FINISHED


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
    assert find_run("latest", tmp_path) == first


def test_an_interrupted_run_of_the_same_configuration_is_continued(tmp_path: Path) -> None:
    first, _ = open_run(frozen(tmp_path))
    other = frozen(tmp_path)
    other["seed"] = 1

    assert open_run(frozen(tmp_path)) == (first, True)
    assert open_run(other)[0] != first


@pytest.mark.parametrize("name", [None, "named"])
def test_a_run_of_a_version_that_knew_fewer_keys_is_continued(
    name: str | None, tmp_path: Path
) -> None:
    first, _ = open_run(frozen(tmp_path, name=name))
    now = frozen(tmp_path, name=name)
    now["dataset"]["missing"] = None

    assert open_run(now) == (first, True)
    now["dataset"]["missing"] = ["-"]
    if name:
        with pytest.raises(UserError, match=r"configuration: dataset\.missing differs"):
            open_run(now)
    else:
        assert open_run(now)[0] != first


def test_a_run_whose_configuration_cannot_be_read_is_not_continued(tmp_path: Path) -> None:
    first, _ = open_run(frozen(tmp_path))
    first.config_file.unlink()
    other = frozen(tmp_path)
    other["seed"] = 1

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

    with pytest.raises(UserError, match=r"another configuration: model.use differs"):
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
    run.update(state=FINISHED)

    for text in ("first", str(run.path), "latest"):
        assert find_run(text, tmp_path).path.samefile(run.path)
    with pytest.raises(UserError, match="Did you mean 'first'"):
        find_run("frist", tmp_path)


def make_odd(path: Path, content: str | bytes | None) -> None:
    path.mkdir()
    record = path / "run.json"
    if content is None:
        record.mkdir()
    elif content == "nowhere":
        record.symlink_to("nowhere")
    elif isinstance(content, str):
        record.write_text(content)
    else:
        record.write_bytes(content)


GOOD = {"name": "a", "created": 1.0, "config": "0"}
ODD: dict[str, str | bytes | None] = {
    "torn": '{"name": ',
    "list": "[1, 2]",
    "number": "7",
    "empty": "",
    "other schema": '{"run_id": "x", "framework": "other"}',
    "date": json.dumps({**GOOD, "created": "2024-05-31"}),
    "infinite": json.dumps({**GOOD, "created": math.inf}),
    "value": json.dumps({**GOOD, "value": "good"}),
    "state": json.dumps({**GOOD, "state": 3}),
    "seconds": json.dumps({**GOOD, "seconds": [1]}),
    "deep": "[" * 100_000,
    "huge": json.dumps({**GOOD, "error": "x" * 2_000_000}),
    "binary": bytes(range(256)),
    "folder": None,
    "link": "nowhere",
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_a_folder_whose_record_is_odd_is_passed_over_with_a_note(
    content: str | bytes | None, tmp_path: Path
) -> None:
    run, _ = open_run(frozen(tmp_path))
    run.update(state=FINISHED)
    make_odd(tmp_path / "odd", content)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder without a record").mkdir()
    notes: list[str] = []

    assert list_runs(tmp_path, notes.append) == [run]
    assert find_run("latest", tmp_path) == run
    assert not open_run(frozen(tmp_path))[1]
    assert len(notes) == 1
    assert "odd: passed over: " in notes[0]
    with pytest.raises(UserError, match=r"run\.json"):
        find_run("odd", tmp_path)


def test_a_record_of_a_newer_version_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    run, _ = open_run(frozen(tmp_path))
    data = json.loads(run.record_file.read_text())
    run.record_file.write_text(json.dumps({**data, "colour": "red"}))

    assert run.record().name == data["name"]


def test_a_record_of_an_older_version_has_no_split(tmp_path: Path) -> None:
    run, _ = open_run(frozen(tmp_path))
    data = json.loads(run.record_file.read_text())
    del data["split"], data["positive"]
    run.record_file.write_text(json.dumps({**data, "metric": "accuracy", "value": 0.5}))

    assert (run.record().split, run.record().value) == ("", 0.5)


def test_latest_is_the_newest_run_that_has_finished(tmp_path: Path) -> None:
    done, _ = open_run(frozen(tmp_path, name="done"))
    done.update(state=FINISHED, created=1.0)
    older, _ = open_run(frozen(tmp_path, name="older"))
    older.update(state=FINISHED, created=0.5)
    killed, _ = open_run(frozen(tmp_path, name="killed"))
    killed.update(created=2.0)
    failed, _ = open_run(frozen(tmp_path, name="failed"))
    failed.update(state=FAILED, created=3.0)

    assert find_run("latest", tmp_path) == done


def test_without_a_finished_run_latest_says_how_the_newest_one_ended(tmp_path: Path) -> None:
    run, _ = open_run(frozen(tmp_path, name="only"))
    with pytest.raises(UserError, match="has finished; the newest one, only, was interrupted"):
        find_run("latest", tmp_path)
    run.update(state=FAILED, error="a.csv: cannot be read.")
    with pytest.raises(UserError, match=r"only, failed: a\.csv: cannot be read\.\n"):
        find_run("latest", tmp_path)


def test_a_killed_run_is_shown_as_interrupted(tmp_path: Path) -> None:
    run, _ = open_run(frozen(tmp_path))

    with locked(run.path):
        assert run.state() == "running"
    assert run.state() == "interrupted"


@pytest.mark.parametrize("key", ["folder", "dir"])
def test_a_run_is_not_kept_at_a_url(key: str, mlfw_here: Mlfw) -> None:
    done = mlfw_here(
        "run", "dataset=csv", f"dataset.path={PENGUINS}", "dataset.target=Sex",
        f"run.{key}=s3://bucket/runs",
    )  # fmt: skip

    assert done.returncode == 2
    assert f"run.{key}=s3://bucket/runs: is a URL, expected a folder" in done.stderr
    assert f"run.{key}=/shared/mlfw" in done.stderr


def test_the_cache_is_no_url() -> None:
    with pytest.raises(UserError, match=r"MLFW_CACHE=s3://user:\*\*\*@bucket: is a URL"):
        Cache.of_user({"MLFW_CACHE": "s3://user:key@bucket"})
