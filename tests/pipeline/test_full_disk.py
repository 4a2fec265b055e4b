"""A disk that is full ends a run with an error, and what was there before stays whole."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from conftest import Mlfw, environment
from light_run import LIGHT, light_site

RUN = ["run", "dataset=csv", "dataset.path=small.csv", "dataset.target=good", *LIGHT]


def test_a_write_that_fails_leaves_every_earlier_file_whole(
    tmp_path: Path, small_csv: Path, mlfw: Mlfw
) -> None:
    site = light_site(tmp_path)
    assert mlfw(*RUN, "run.dir=runs/first", PYTHONPATH=site).returncode == 0
    before = {p: p.read_bytes() for p in (tmp_path / "runs/first").rglob("*") if p.is_file()}

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))

    failed = subprocess.run(
        [sys.executable, "-m", "mlfw", *RUN, "run.dir=runs/second"],
        cwd=tmp_path, env=environment(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=site),
        capture_output=True, text=True, preexec_fn=little_room,
    )  # fmt: skip
    continued = mlfw(*RUN, "run.dir=runs/second", PYTHONPATH=site)

    assert failed.returncode == 2
    assert "larger than this process may write (ulimit -f)" in failed.stderr
    assert "type the same command again" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "unexpected" not in failed.stderr
    assert continued.returncode == 0, continued.stderr
    assert before == {p: p.read_bytes() for p in before}
    assert (tmp_path / "runs/second/model/manifest.json").exists()
