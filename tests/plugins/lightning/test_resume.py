"""A training that was killed between epochs ends bit for bit as if it had not been."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import network_fit
from conftest import environment
from network_fit import fit

OPTIONS: dict[str, Any] = {
    "trainer": {"epochs": 12, "patience": 3},
    "model": {"dropout": 0.3},
    "data": "iris",
}


def killed(folder: Path, options: dict[str, Any]) -> None:
    process = subprocess.run(
        [sys.executable, network_fit.__file__, str(folder), json.dumps(options)],
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return fit(tmp_path_factory.mktemp("whole"), OPTIONS)


def test_killed_after_several_epochs_in_a_row_it_ends_the_same(
    whole: dict[str, Any], tmp_path: Path
) -> None:
    for epoch in (1, 4):
        killed(tmp_path, {**OPTIONS, "kill_after": epoch})

    continued = fit(tmp_path, OPTIONS)

    assert continued["weights"] == whole["weights"]
    assert continued["predictions"] == whole["predictions"]
    assert continued["epochs"] == whole["epochs"][4:]


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    whole: dict[str, Any], tmp_path: Path
) -> None:
    killed(tmp_path, {**OPTIONS, "kill_after": 5})
    _, last = sorted(tmp_path.glob("*.ckpt"))
    last.write_bytes(last.read_bytes()[:1000])

    continued = fit(tmp_path, OPTIONS)

    assert continued["epochs"] == whole["epochs"][4:]
    assert continued["weights"] == whole["weights"]


def test_a_checkpoint_of_another_training_is_not_used(tmp_path: Path) -> None:
    killed(tmp_path, {**OPTIONS, "kill_after": 3})

    other = fit(tmp_path, {**OPTIONS, "model": {"dropout": 0.3, "width": 32}})

    assert other["epochs"][0][0] == 1


def test_trials_keep_no_checkpoints(tmp_path: Path) -> None:
    fit(tmp_path, {**OPTIONS, "final": False, "trainer": {"epochs": 2}})

    assert not list(tmp_path.glob("*.ckpt"))
