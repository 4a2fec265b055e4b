"""One run on several machines, started by hand; here two launchers on one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import within
from launching import DEPLOY, RUN, check_one_run, free_port, start

SCRIPT = DEPLOY / "nodes/run.sh"
MLP = (*RUN, "model=mlp", "model.dropout=0", "model.batch_size=16", "trainer.precision=64-true")


def nodes(folder: Path, *overrides: str) -> list[subprocess.Popen[str]]:
    address = f"127.0.0.1:{free_port()}"
    return [start([SCRIPT, n, address, 2, *MLP, *overrides], folder) for n in range(2)]


@pytest.mark.slow
def test_two_nodes_train_one_model_in_one_run_directory(tmp_path: Path) -> None:
    text = check_one_run(nodes(tmp_path, "trainer.epochs=2"), tmp_path)

    assert text.count("trainer.nodes=2: the ports between the machines are not authenticated") == 1
    assert not (tmp_path / "runs/shared/checkpoints").exists()


@pytest.mark.slow
def test_two_nodes_tune_and_end_as_one_process_does(tmp_path: Path) -> None:
    tuning = ("tuner=grid", "tuner.space.width=[8,16]", "trainer.epochs=2")
    (tmp_path / "alone").mkdir()

    check_one_run(nodes(tmp_path, *tuning), tmp_path)
    alone = start(["mlfw", "run", *MLP, *tuning], tmp_path / "alone")
    text, _ = alone.communicate(timeout=280)

    assert alone.returncode == 0, text
    found, expected = (
        [trial(folder, number) for number in range(2)] for folder in (tmp_path, tmp_path / "alone")
    )
    assert found == expected


def trial(folder: Path, number: int) -> tuple[object, float]:
    content = json.loads((folder / f"runs/shared/trials/{number:05}.json").read_text())
    return content["params"], content["value"]


def ranks_below(folder: Path) -> dict[int, int]:
    """Return the processes of the ranks of a run, by rank."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
            told = (entry / "environ").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "mlfw_lightning.ranks.rank" in words and any(str(folder) in word for word in words):
            (rank,) = (word.removeprefix("RANK=") for word in told if word.startswith("RANK="))
            found[int(rank)] = int(entry.name)
    return found


def trained(folder: Path) -> list[subprocess.Popen[str]]:
    """Return two nodes whose training has begun."""
    started = nodes(folder, "trainer.epochs=100000", "trainer.patience=null")
    while not list(folder.glob("runs/shared/checkpoints/*.ckpt")):
        assert all(node.poll() is None for node in started), [n.communicate() for n in started]
        time.sleep(0.05)
    return started


@pytest.mark.slow
def test_a_rank_killed_on_one_node_ends_both_and_is_named_on_both(tmp_path: Path) -> None:
    started = trained(tmp_path)
    killed_at = time.monotonic()
    os.kill(ranks_below(tmp_path)[1], signal.SIGKILL)

    said = [node.communicate(timeout=60)[0] for node in started]

    assert time.monotonic() - killed_at < within(5)
    assert all("rank 1 on node 1 was killed by signal 9 (SIGKILL)" in text for text in said), said
    assert [node.returncode for node in started] == [1, 1]
    assert ranks_below(tmp_path) == {}
    assert not (tmp_path / "runs/shared/checkpoints/ranks").exists()


@pytest.mark.slow
def test_sigterm_to_one_node_lets_all_ranks_save_and_end(tmp_path: Path) -> None:
    started = trained(tmp_path)
    asked_at = time.monotonic()
    started[1].send_signal(signal.SIGTERM)

    said = [node.communicate(timeout=60)[0] for node in started]

    assert time.monotonic() - asked_at < within(30)
    assert [node.returncode for node in started] == [143, 143], said
    assert ranks_below(tmp_path) == {}
    assert list(tmp_path.glob("runs/shared/checkpoints/*.ckpt"))
    assert '"state": "interrupted"' in (tmp_path / "runs/shared/run.json").read_text()


def test_without_arguments_it_says_what_to_type() -> None:
    result = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)

    assert result.returncode == 2
    assert "NODE ADDRESS:PORT NODES" in result.stderr
