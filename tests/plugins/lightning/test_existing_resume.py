"""A killed training of an existing module continues, and ends as if it had not been killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import two_existing_ranks
from conftest import Mlfw, environment
from existing_package import run_arguments

RUN = ["run", "--allow-import", "blobs", *run_arguments(), "trainer.epochs=6", "run.name=net"]


@pytest.mark.slow
def test_killed_within_two_epochs_it_ends_the_same(
    blobs: Path, tmp_path: Path, mlfw: Mlfw, mlfw_here: Mlfw
) -> None:
    whole = mlfw_here(*RUN, "run.name=whole")
    for place in ("2,1", "4,0"):
        killed = mlfw(*RUN, PYTHONPATH=str(blobs), BLOBS_KILL=place)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    kept = sorted(path.name for path in (tmp_path / "runs/net/checkpoints").glob("*.ckpt"))

    continued = mlfw_here(*RUN)

    assert whole.returncode == continued.returncode == 0, whole.stderr + continued.stderr
    assert kept == ["epoch-000003-step-000000000.ckpt", "epoch-000004-step-000000000.ckpt"]
    assert "continuing runs/net" in continued.stderr
    runs = [tmp_path / "runs" / name for name in ("whole", "net")]
    weights = [(run / "model/weights.safetensors").read_bytes() for run in runs]
    assert weights[0] == weights[1]
    measured = [json.loads((run / "metrics.json").read_text()) for run in runs]
    assert measured[0] == measured[1]
    assert not (runs[1] / "checkpoints").exists()


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_stopped_while_two_processes_train_it_ends_the_same_and_nothing_is_unpickled(
    strategy: str, blobs: Path, tmp_path: Path
) -> None:
    told = {"PYTHONPATH": str(blobs), "WORLD_SIZE": "2", "NODE_RANK": "0"}
    command = [sys.executable, two_existing_ranks.__file__, str(tmp_path), strategy]

    ranks = [
        subprocess.Popen(command, env=environment(**told, RANK=rank, LOCAL_RANK=rank))
        for rank in "01"
    ]

    assert [rank.wait(300) for rank in ranks] == [0, 0]
    assert json.loads((tmp_path / "out.json").read_text()) == dict.fromkeys(
        two_existing_ranks.MODULES, True
    )


def test_continuing_takes_the_grant_again(blobs: Path, tmp_path: Path, mlfw_here: Mlfw) -> None:
    typed = [*RUN[3:], "trainer.epochs=1", "run.dir=runs/net"]
    whole = mlfw_here(*RUN[:3], *typed)
    record = tmp_path / "runs/net/run.json"
    record.write_text(record.read_text().replace('"finished"', '"interrupted"'))

    refused = mlfw_here("run", *typed)

    assert whole.returncode == 0, whole.stderr
    assert refused.returncode == 2
    assert "--allow-import blobs" in refused.stderr
    assert '"interrupted"' in record.read_text()
