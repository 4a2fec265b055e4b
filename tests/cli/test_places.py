"""Names and places that cannot be written: plain sentences, exit status 2, nothing half-written."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import mlfw
from conftest import Mlfw, environment
from mlfw import UserError
from mlfw.cache import Cache, home_folder
from mlfw.disk import disk_errors, disk_mistake
from mlfw.files import write_bytes
from mlfw.runs import RunDirectory

RUN = ("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=tree",
       "metrics=[accuracy]")  # fmt: skip
READ_ONLY = "/sys/kernel"  # also for root


def plain(result: subprocess.CompletedProcess[str]) -> str:
    """Return what a command said, which must be a user's mistake."""
    assert result.returncode == 2, result.stderr
    assert "unexpected" not in result.stderr
    assert "Traceback" not in result.stderr
    assert "Errno" not in result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run named r and its data."""
    from conftest import write_small_csv

    folder = tmp_path_factory.mktemp("trained")
    write_small_csv(folder / "small.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        mlfw.run(None, [*RUN[1:], "run.name=r"])
    return folder


@pytest.mark.parametrize("name", ["m" * 300, "ü" * 150, "a/b", "../up", "my run", "🎈", "-x", "."])
def test_a_name_that_no_folder_can_have_is_refused(
    name: str, tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    said = plain(mlfw_here(*RUN, f"run.name={name}"))

    assert "run.name" in said
    assert len(said) < 400
    assert not (tmp_path / "runs").exists()


def test_a_long_file_name_is_cut_in_the_name_of_the_run(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    long = small_csv.rename(tmp_path / f"{'d' * 240}.csv")
    result = mlfw_here(*RUN, f"dataset.path={long.name}")

    assert result.returncode == 0, result.stderr


def test_a_run_of_a_long_name_is_not_found(tmp_path: Path, mlfw_here: Mlfw) -> None:
    for command in ("predict", "evaluate"):
        assert "no run" in plain(mlfw_here(command, "m" * 300, "small.csv"))


def test_a_folder_of_runs_that_cannot_be_written_is_named(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = plain(mlfw_here(*RUN, f"run.folder={READ_ONLY}/runs"))
    assert f"{READ_ONLY}/runs: permission denied" in said
    assert "run.folder=" in said

    monkeypatch.chdir(READ_ONLY)
    said = plain(mlfw_here(*RUN, f"dataset.path={small_csv}"))
    assert "runs: permission denied" in said


@pytest.mark.parametrize("kind", ["a file", "a FIFO", "a link"])
def test_what_stands_where_the_folder_of_runs_is_to_be_is_named(
    kind: str, tmp_path: Path, small_csv: Path, mlfw_here: Mlfw
) -> None:
    runs = tmp_path / "runs"
    if kind == "a file":
        runs.touch()
    elif kind == "a FIFO":
        os.mkfifo(runs)
    else:
        runs.symlink_to("nowhere/at/all")

    assert f"runs: expected a folder, found {kind}" in plain(mlfw_here(*RUN))
    for command in (("run.dir=runs",), ("run.name=r",)):
        assert f"runs: expected a folder, found {kind}" in plain(mlfw_here(*RUN, *command))
    for command in (("runs",), ("predict", "latest", "small.csv"), ("evaluate", "latest")):
        result = mlfw_here(*command)
        assert result.returncode in (0, 2)
        assert "unexpected" not in result.stderr


@pytest.mark.parametrize("kind", ["a FIFO", "a link", "a folder"])
def test_predictions_are_written_to_files_only(
    kind: str, trained: Path, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    out = tmp_path / "out.csv"
    if kind == "a FIFO":
        os.mkfifo(out)
    elif kind == "a folder":
        out.mkdir()
    else:
        out.symlink_to("gone/away.csv")
    run = str(trained / "runs/r")
    said = plain(mlfw_here("predict", run, str(trained / "small.csv"), "-o", "out.csv"))

    assert f"out.csv: expected a file or a new name, found {kind}" in said
    assert out.is_symlink() == (kind == "a link")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_predictions_go_to_the_file_that_a_link_leads_to(
    trained: Path, tmp_path: Path, mlfw_here: Mlfw
) -> None:
    (tmp_path / "real.csv").write_text("before")
    (tmp_path / "out.csv").symlink_to("real.csv")
    run = str(trained / "runs/r")
    result = mlfw_here("predict", run, str(trained / "small.csv"), "-o", "out.csv")

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out.csv").is_symlink()
    assert "prediction" in (tmp_path / "real.csv").read_text()


def test_a_fifo_is_not_waited_for(trained: Path, tmp_path: Path, mlfw_here: Mlfw) -> None:
    os.mkfifo(tmp_path / "in.csv")
    run = str(trained / "runs/r")

    for command in (("predict", run, "in.csv"), ("evaluate", run, "in.csv"),
                    (*RUN, "dataset.path=in.csv")):  # fmt: skip
        assert "expected a file" in plain(mlfw_here(*command))


@pytest.mark.parametrize(
    "arguments",
    [("predict", "r", "small.csv"), pytest.param(("evaluate", "r"), marks=pytest.mark.slow),
     ("runs",), pytest.param(("show", "model"), marks=pytest.mark.slow),
     pytest.param(("config", *RUN[1:]), marks=pytest.mark.slow),
     pytest.param(("cache",), marks=pytest.mark.slow), ("plugins",), ("--help",),
     pytest.param(("run", "--help"), marks=pytest.mark.slow)],
    ids=" ".join,
)  # fmt: skip
def test_output_that_cannot_be_written_is_said(
    arguments: tuple[str, ...], trained: Path, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "mlfw", *arguments],
            cwd=trained, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    assert process.returncode == 2
    assert "standard output: cannot be written: No space left on device." in process.stderr
    assert "Traceback" not in process.stderr
    assert "Exception ignored" not in process.stderr


def test_a_full_disk_keeps_the_predictions_that_were_there(trained: Path, tmp_path: Path) -> None:
    import resource

    out = tmp_path / "out.csv"
    out.write_text("before")
    failed = subprocess.run(
        [sys.executable, "-m", "mlfw", "predict", "r", "small.csv", "-o", str(out)],
        cwd=trained, env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )  # fmt: skip

    assert "out.csv: cannot be written: File too large." in plain(failed)
    assert out.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_without_a_home_a_run_works(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFW_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null")
    result = mlfw_here(*RUN)

    assert result.returncode == 0, result.stderr
    assert "prepared data are not kept for the next run: /dev/null" in result.stderr


def test_a_home_is_found_where_none_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    assert home_folder({"HOME": "/home/me"}) == Path("/home/me")
    assert home_folder({}).is_absolute()
    assert home_folder({"HOME": "odd"}).is_absolute()
    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert home_folder({}).is_absolute()
    assert Cache.of_user({}).folder.is_absolute()


def test_a_bento_is_refused_before_training_where_its_store_cannot_be_written(
    tmp_path: Path, small_csv: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BENTOML_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null")
    said = plain(mlfw_here(*RUN, "deployer=bentoml"))

    assert "/dev/null: expected a folder, found a device" in said
    assert "export BENTOML_HOME=" in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.ENOSPC, "No space left on device", "runs/a/x"), "runs/a/x: the disk"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "runs"), "runs: the file system is read"),
        (PermissionError(errno.EACCES, "Permission denied", "runs"), "runs: permission denied"),
        pytest.param(
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/proc/runs"),
            "/proc/runs: nothing can be created in this file system",
            marks=pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc"),
        ),
    ],
)
def test_errors_of_a_disk_are_mistakes_that_can_be_mended(error: Exception, said: str) -> None:
    mistake = disk_mistake(error)

    assert mistake is not None
    assert said in mistake.problem
    assert mistake.remedy


@pytest.mark.parametrize("command", [("runs",), RUN])
def test_a_current_folder_that_was_removed_is_said(
    mlfw_here: Mlfw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert "The current folder has been removed." in plain(mlfw_here(*command))


def test_a_file_for_which_there_is_no_room_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"weights\.ckpt: the disk is full"), disk_errors():
        write_bytes(tmp_path / "weights.ckpt", b"x")

    assert not list(tmp_path.iterdir())


def test_other_errors_stay_what_they_are() -> None:
    for error in (FileNotFoundError(2, "No such file", "x"), ValueError("x"), OSError("x"),
                  PermissionError(errno.EACCES, "Permission denied")):  # fmt: skip
        assert disk_mistake(error) is None


def test_a_run_whose_first_file_finds_no_room_leaves_no_folder(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "r")
    frozen = {"dataset": {"use": "csv"}, "model": {"use": "tree"}}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            directory.create("r", frozen)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("setting", ["run.dir=runs/r/model/new", "run.folder=runs/r/model"])
def test_no_run_is_made_inside_a_saved_model(
    setting: str, trained: Path, mlfw_here: Mlfw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    before = sorted((trained / "runs/r/model").rglob("*"))

    said = plain(mlfw_here(*RUN, setting))

    assert f"{setting}: is inside a saved model" in said
    assert sorted((trained / "runs/r/model").rglob("*")) == before


def test_a_link_that_leads_nowhere_is_told_with_what_shows_where(
    tmp_path: Path, mlfw_here: Mlfw
) -> None:
    (tmp_path / "my rows.csv").symlink_to("gone.csv")

    said = plain(mlfw_here(*RUN, "dataset.path=my rows.csv"))

    assert f"Check where it leads: ls -l '{tmp_path / 'my rows.csv'}'" in said
