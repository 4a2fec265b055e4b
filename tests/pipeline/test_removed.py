"""What is removed from a run directory is made again, or its loss is said plainly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mlfw.pipeline.run
from conftest import Mlfw, write_small_csv

RUN = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=tree",
       "run.name=r")  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a finished run lies, which every test leaves whole."""
    path = tmp_path_factory.mktemp("removed")
    write_small_csv(path / "small.csv")
    return path


@pytest.fixture
def run_r(folder: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch) -> Mlfw:
    monkeypatch.chdir(folder)
    if not (folder / "runs/r/report.md").exists():
        assert mlfw_here(*RUN).returncode == 0
    return mlfw_here


@pytest.mark.parametrize(
    "lost",
    [["data"], ["data/test.arrow"], ["data/schema.json"], ["tuning.json", "data.json", "model"],
     ["training.json", "metrics.json", "report.md"]],
    ids=" ".join,
)  # fmt: skip
def test_what_was_removed_of_a_finished_run_is_made_again_by_the_same_command(
    lost: list[str], folder: Path, run_r: Mlfw
) -> None:
    metrics = (folder / "runs/r/metrics.json").read_bytes()
    paths = [folder / "runs/r" / name for name in lost]
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    again = run_r(*RUN)

    assert again.returncode == 0, again.stderr
    assert all(path.exists() for path in paths)
    assert (folder / "runs/r/metrics.json").read_bytes() == metrics


def test_evaluating_a_run_without_its_data_says_how_they_are_made_again(
    folder: Path, run_r: Mlfw
) -> None:
    (folder / "runs/r/data").rename(folder / "away")

    result = run_r("evaluate", "r")

    (folder / "away").rename(folder / "runs/r/data")
    assert result.returncode == 2
    assert "the prepared data are not there" in result.stderr
    assert "Type the run's command again" in result.stderr


def removing(path: Path, act: Callable[..., Any]) -> Callable[..., Any]:
    def removed(*arguments: Any) -> None:
        shutil.rmtree(path)
        act(*arguments)

    return removed


@pytest.mark.parametrize("stage", ["tune", "evaluate"])
def test_a_run_whose_directory_is_removed_meanwhile_says_so(
    stage: str, tmp_path: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small_csv(tmp_path / "small.csv")
    act = removing(tmp_path / "runs/r", getattr(mlfw.pipeline.run, stage))
    monkeypatch.setattr(mlfw.pipeline.run, stage, act)

    result = mlfw_here(*RUN)

    assert result.returncode == 2, result.stderr
    assert "runs/r: the run directory was removed while the run went on" in result.stderr
    assert "the command again" in result.stderr


def test_a_run_whose_model_is_removed_meanwhile_says_which_file_is_missing(
    tmp_path: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small_csv(tmp_path / "small.csv")
    act = removing(tmp_path / "runs/r/model", mlfw.pipeline.run.evaluate)
    with monkeypatch.context() as patch:
        patch.setattr(mlfw.pipeline.run, "evaluate", act)
        result = mlfw_here(*RUN)

    assert result.returncode == 2, result.stderr
    assert "runs/r/model" in result.stderr
    assert mlfw_here(*RUN).returncode == 0


def test_no_temporary_file_stays_after_a_run_that_was_killed_is_continued(
    folder: Path, run_r: Mlfw
) -> None:
    run = folder / "runs/r"
    for place in (run, run / "stages"):
        (place / ".tmp-file").write_text("x")
        (place / ".tmp-folder/inner").mkdir(parents=True)
    (run / "metrics.json").unlink()

    assert run_r(*RUN).returncode == 0
    assert not list(run.rglob(".tmp-*"))
