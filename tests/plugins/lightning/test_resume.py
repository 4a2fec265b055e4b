"""A training that was killed or stopped ends bit for bit as if it had not been."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import network_fit
import two_ranks
from conftest import environment
from mlfw import StopRequested
from model_server import free_port
from network_fit import fit

# 90 rows in batches of 32 are 3 steps an epoch.
STEPS, EPOCHS = 3, 3
SHORT: dict[str, Any] = {
    "trainer": {"epochs": EPOCHS, "patience": None},
    "model": {"dropout": 0.3, "batch_size": 32, "schedule": "cosine", "average": "ema"},
    "data": "iris",
}
OPTIONS: dict[str, Any] = {
    "trainer": {"epochs": 12, "patience": 3},
    "model": {"dropout": 0.3},
    "data": "iris",
}


def killed(folder: Path, options: dict[str, Any]) -> None:
    child = os.fork()  # which has loaded already what takes long to load
    if not child:
        network_fit.main(folder, options)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return fit(tmp_path_factory.mktemp("whole"), OPTIONS)


def test_killed_after_several_epochs_in_a_row_it_ends_the_same(
    whole: dict[str, Any], tmp_path: Path
) -> None:
    for epoch in (2, 5):  # told, and not kept
        killed(tmp_path, {**OPTIONS, "kill_after": epoch})

    continued = fit(tmp_path, OPTIONS)

    assert continued["weights"] == whole["weights"]
    assert continued["predictions"] == whole["predictions"]
    assert continued["epochs"] == whole["epochs"][4:]


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    whole: dict[str, Any], tmp_path: Path
) -> None:
    killed(tmp_path, {**OPTIONS, "kill_after": 6})
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


@pytest.mark.parametrize(
    "trainer",
    [
        {},
        pytest.param({"precision": "16-mixed"}, marks=pytest.mark.slow),
        pytest.param({"workers": 2}, marks=pytest.mark.slow),
    ],
)
def test_stopped_after_any_step_it_ends_the_same(trainer: dict[str, Any], tmp_path: Path) -> None:
    options = {**SHORT, "trainer": {**SHORT["trainer"], **trainer}}
    whole = fit(tmp_path / "whole", options)

    for step in range(1, EPOCHS * STEPS + 1):
        folder = tmp_path / str(step)
        with pytest.raises(StopRequested):
            fit(folder, {**options, "stop_after": step})
        continued = fit(folder, options)

        assert continued["weights"] == whole["weights"], step
        assert continued["predictions"] == whole["predictions"]
        assert continued["epochs"] == whole["epochs"][(step - 1) // STEPS :]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "strategy"),
    [(0, "ddp"), (2, "ddp"), (0, "fsdp")],
)
def test_two_processes_stopped_after_any_step_end_the_same(
    workers: int, strategy: str, tmp_path: Path
) -> None:
    out = tmp_path / "same.json"
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "NODE_RANK": "0"}
    ranks = [
        subprocess.Popen(
            [sys.executable, two_ranks.__file__, str(out), str(workers), strategy],
            env=environment(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", **meeting),
        )
        for rank in range(2)
    ]

    assert [rank.wait(200) for rank in ranks] == [0, 0]
    assert json.loads(out.read_text()) == [True] * two_ranks.EPOCHS * two_ranks.STEPS


def test_stopped_after_every_single_step_it_ends_the_same(tmp_path: Path) -> None:
    whole = fit(tmp_path / "whole", SHORT)

    for _ in range(EPOCHS * STEPS):
        with pytest.raises(StopRequested):
            fit(tmp_path / "again", {**SHORT, "stop_after": 1})
    continued = fit(tmp_path / "again", SHORT)

    assert continued["weights"] == whole["weights"]
    assert continued["epochs"] == whole["epochs"][-1:]


@pytest.mark.parametrize("least", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_many_moments_it_ends_the_same(least: int, tmp_path: Path) -> None:
    whole = fit(tmp_path / "whole", SHORT)
    start = time.monotonic()
    assert fit(tmp_path / "timed", SHORT) == whole
    longest = time.monotonic() - start
    moments = random.Random(3)

    kills = 0
    for number in range(10 * least):
        folder, patience = tmp_path / f"run-{number}", longest
        while not (out := folder / "out.json").exists():
            child = os.fork()
            if not child:
                network_fit.main(folder, SHORT)
                os._exit(0)
            time.sleep(moments.uniform(0, patience))
            # A process that has just been forked may take longer than this one did.
            patience *= 1.1
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            kills += os.WIFSIGNALED(status)
        assert json.loads(out.read_text())["weights"] == whole["weights"]
        if kills >= least:
            break

    assert kills >= least
