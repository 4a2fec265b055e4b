"""Several processes train to what one would, and end together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

import network_fit
from conftest import Mlfw, environment, within
from mlfw import UserError
from network_fit import assert_alike, fit
from plugin_folder import write_plugin

# 107 training rows in batches of 16: the last batch is smaller and divides unevenly.
ONE: dict[str, Any] = {
    "trainer": {"epochs": 3, "patience": None, "precision": "64-true"},
    "model": {"dropout": 0.0, "batch_size": 16},
}
TWO: dict[str, Any] = {**ONE, "trainer": {**ONE["trainer"], "devices": 2}}


def start(folder: Path, options: dict[str, Any], **changes: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, network_fit.__file__, str(folder), json.dumps(options)],
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def rank_processes(folder: Path) -> list[int]:
    """Return the ranks of a job that live, by the folder on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "mlfw_lightning.ranks.rank" in words and str(folder / "ranks") in words:
            found.append(int(entry.name))
    return found


def wait_for(condition: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@pytest.mark.slow
def test_two_processes_lose_and_learn_the_same_as_one(tmp_path: Path) -> None:
    one = fit(tmp_path / "one", ONE)
    two = fit(tmp_path / "two", TWO)

    assert_alike(one, two)
    assert not (tmp_path / "two/ranks").exists()


@pytest.mark.slow
def test_streamed_rows_teach_two_processes_what_they_teach_one(tmp_path: Path, mlfw: Mlfw) -> None:
    # Two blocks of rows, of unlike lengths: one for each process.
    a, b = np.arange(8001) % 97, np.arange(8001) % 13
    table = pa.table({"a": a, "b": b, "y": np.where((a > 40) ^ (b > 6), "yes", "no")})
    pq.write_table(table, tmp_path / "rows.parquet")
    run = ("run", "dataset=parquet", "dataset.path=rows.parquet", "dataset.target=y",
           "dataset.stream=true", "model=mlp", "model.dropout=0", "model.batch_size=100",
           "trainer.precision=64-true", "trainer.epochs=1", "trainer.accelerator=cpu")  # fmt: skip

    for devices in (1, 2):
        ended = mlfw(*run, f"trainer.devices={devices}", f"run.name=on-{devices}")
        assert ended.returncode == 0, ended.stderr

    one, two = (
        load_file(tmp_path / f"runs/on-{devices}/model/weights.safetensors") for devices in (1, 2)
    )
    assert one.keys() == two.keys()
    for name, weights in one.items():
        np.testing.assert_allclose(two[name], weights, rtol=0, atol=1e-5)


LONG = {**TWO, "trainer": {**TWO["trainer"], "epochs": 100_000}}


def rank_of(folder: Path, number: int) -> int:
    """Return the process of a rank."""
    return next(
        pid
        for pid in rank_processes(folder)
        if f"RANK={number}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    )


def training(folder: Path, options: dict[str, Any] = LONG) -> subprocess.Popen[bytes]:
    """Return a training that has begun."""
    process = start(folder, options)
    wait_for(lambda: (folder / "epoch").exists() or process.poll() is not None, 200)
    return process


def listening(pid: int) -> list[str]:
    """Return the addresses on which a process listens, in the kernel's hexadecimal form."""
    held = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTEN and f"socket:[{words[9]}]" in held:
                found.append(words[1])
    return found


LISTEN = "0A"
LOOPBACK = "0100007F:"


def check_loopback_only(folder: Path) -> None:
    """Check that the ranks of a job exchange gradients, and nobody else can reach them."""
    ranks = [rank_of(folder, number) for number in (0, 1)]
    addresses = [address for pid in ranks for address in listening(pid)]
    assert addresses
    assert [address for address in addresses if not address.startswith(LOOPBACK)] == []
    for pid in ranks:
        assert b"MASTER_PORT=" not in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.fixture(scope="module")
def two_training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a training of two ranks that has begun; the last test that takes it ends it."""
    folder = tmp_path_factory.mktemp("two")
    TRAINING[folder] = training(folder)
    yield folder
    TRAINING[folder].kill()


TRAINING: dict[Path, subprocess.Popen[bytes]] = {}


@pytest.mark.slow
def test_ranks_of_one_machine_listen_on_its_loopback_interface_only(two_training: Path) -> None:
    check_loopback_only(two_training)


@pytest.mark.slow
def test_ranks_that_share_a_divided_network_listen_on_loopback_only(tmp_path: Path) -> None:
    process = training(tmp_path, {**LONG, "trainer": {**LONG["trainer"], "strategy": "fsdp"}})
    try:
        check_loopback_only(tmp_path)
    finally:
        process.kill()


def test_a_rank_that_is_killed_ends_the_training_and_is_named(two_training: Path) -> None:
    process, tmp_path = TRAINING[two_training], two_training
    killed_at = time.monotonic()
    os.kill(rank_of(tmp_path, 1), signal.SIGKILL)

    _, errors = process.communicate(timeout=60)

    assert time.monotonic() - killed_at < within(5)
    assert "rank 1 was killed by signal 9 (SIGKILL)" in errors.decode()
    assert rank_processes(tmp_path) == []
    assert not (tmp_path / "ranks").exists()


@pytest.mark.slow
def test_a_rank_that_is_frozen_ends_the_training_within_the_timeout(tmp_path: Path) -> None:
    process = training(tmp_path, {**LONG, "trainer": {**LONG["trainer"], "timeout": 15}})
    frozen_at = time.monotonic()
    os.kill(rank_of(tmp_path, 1), signal.SIGSTOP)

    _, errors = process.communicate(timeout=60)

    assert time.monotonic() - frozen_at < 15 + within(5)
    assert "rank 1 has not been heard of for 15 s (trainer.timeout)" in errors.decode()
    assert rank_processes(tmp_path) == []


@pytest.mark.slow
def test_no_rank_outlives_the_process_that_started_it_not_even_a_frozen_one(
    tmp_path: Path,
) -> None:
    process = training(tmp_path)
    os.kill(rank_of(tmp_path, 1), signal.SIGSTOP)

    process.kill()
    process.communicate()

    wait_for(lambda: rank_processes(tmp_path) == [], within(5))


@pytest.mark.slow
def test_a_killed_training_of_two_processes_continues_from_its_checkpoint(tmp_path: Path) -> None:
    whole = fit(tmp_path / "whole", TWO)
    process = start(tmp_path / "killed", {**TWO, "kill_after": 2})
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    wait_for(lambda: rank_processes(tmp_path / "killed") == [], 20)

    continued = fit(tmp_path / "killed", TWO)

    assert not continued["epochs"] or continued["epochs"][0][0] > 1
    assert continued["weights"] == whole["weights"]


@pytest.mark.slow
def test_a_mistake_found_in_a_rank_is_told_as_in_one_process(tmp_path: Path) -> None:
    options = {**TWO, "model": {"learning_rate": 1e300}, "data": "diabetes"}

    with pytest.raises(UserError, match=r"model\.learning_rate"):
        fit(tmp_path, options)
    assert rank_processes(tmp_path) == []


CALLBACK = """
import os
from pathlib import Path
import mlfw

@mlfw.hookimpl
def mlfw_lightning_callbacks():
    from pytorch_lightning import Callback

    class Note(Callback):
        def on_train_end(self, trainer, module):
            Path(os.environ["NOTES"], f"rank-{trainer.global_rank}").touch()

    return [Note()]
"""


@pytest.mark.slow
def test_plugins_add_callbacks_to_every_rank(tmp_path: Path) -> None:
    site = write_plugin(tmp_path, "noting", CALLBACK)

    process = start(tmp_path, TWO, PYTHONPATH=site, NOTES=str(tmp_path))
    _, errors = process.communicate(timeout=120)

    assert process.returncode == 0, errors.decode()
    assert {path.name for path in tmp_path.glob("rank-*")} == {"rank-0", "rank-1"}
