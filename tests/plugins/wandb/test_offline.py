"""Tracking without a server: values are kept, nothing is printed, no secret is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Mlfw
from mlfw_wandb.mode import Mode, automatic_mode
from wandb_run import KEY, SECRET, VALUES, Track, finish, kept, wait_for


def test_without_a_key_values_are_kept_in_the_run_directory(track: Track, tmp_path: Path) -> None:
    finish(track())
    assert kept(tmp_path / "run") == VALUES
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["wandb"]
    assert not (tmp_path / "home").exists()


def test_no_secret_of_the_environment_or_the_command_line_is_written(
    track: Track, tmp_path: Path
) -> None:
    finish(track(f"password={SECRET}", WANDB_API_KEY=KEY, options={"mode": "offline"}))
    assert kept(tmp_path / "run") == VALUES
    for path in (tmp_path / "run").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert SECRET.encode() not in content, path
        assert KEY.encode() not in content, path


def test_a_killed_run_has_kept_its_values_and_a_continued_one_its_id(
    track: Track, tmp_path: Path
) -> None:
    process = track(waits="yes")
    wait_for(lambda: len(kept(tmp_path / "run")) == len(VALUES))
    process.kill()
    process.wait()
    finish(track())
    assert kept(tmp_path / "run") == VALUES * 2
    names = {path.name for path in (tmp_path / "run").glob("wandb/offline-run-*/run-*.wandb")}
    assert len(names) == 1


@pytest.mark.parametrize(
    "variables", [{"options": {"mode": "disabled"}}, {"WANDB_MODE": "disabled"}]
)
def test_disabled_tracks_nothing(
    variables: dict[str, object], track: Track, tmp_path: Path
) -> None:
    finish(track(**variables))
    assert not list((tmp_path / "run").glob("wandb/*run-*"))


@pytest.mark.parametrize(
    ("netrc", "variables", "mode"),
    [
        ("", {}, Mode.offline),
        ("", {"WANDB_API_KEY": KEY}, Mode.online),
        (f"machine 127.0.0.1:9 login user password {KEY}\n", {}, Mode.online),
        (f"machine elsewhere.example login user password {KEY}\n", {}, Mode.offline),
        ("", {"WANDB_API_KEY": KEY, "WANDB_MODE": "offline"}, Mode.offline),
        ("", {"WANDB_API_KEY": KEY, "WANDB_MODE": "disabled"}, Mode.disabled),
    ],
)
def test_the_mode_follows_from_the_key_and_from_what_the_environment_asks_for(
    netrc: str, variables: dict[str, str], mode: Mode, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import wandb

    (tmp_path / "netrc").write_text(netrc)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    settings = wandb.Settings(base_url="http://127.0.0.1:9")
    settings.update_from_env_vars(variables)
    assert automatic_mode(settings) is mode


@pytest.mark.slow
def test_a_whole_run_is_tracked_and_says_so_nowhere(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    ran = mlfw(
        *("run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", "model=tree"),
        *("metrics=accuracy", "tuner=random", "tuner.trials=2", "tracker=wandb", "run.name=one"),
        HOME=str(tmp_path),
    )
    assert ran.returncode == 0, ran.stderr
    assert "wandb" not in ran.stdout + ran.stderr
    rows = kept(tmp_path / "runs/one")
    assert [row["trial/number"] for row in rows[:-1]] == [0, 1]
    assert {"validation/accuracy", "test/accuracy", "baseline/accuracy"} <= set(rows[-1])


def test_importing_the_plugin_imports_neither_wandb_nor_numpy() -> None:
    code = "import mlfw_wandb, sys; print({'wandb', 'requests', 'numpy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "set()\n", result.stderr
