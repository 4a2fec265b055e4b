"""Several processes train to what one would, and end together."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

import network_fit
from conftest import Mlfw, environment, within
from mlfw import (
    FitContext,
    Job,
    JobResult,
    JobSetup,
    MlfwError,
    Rank,
    Resources,
    UserError,
    Watch,
    Workers,
)
from mlfw.jobs.in_process import InProcess
from mlfw.plugins import load_plugins
from mlfw_lightning import LightningTrainer
from mlfw_lightning.ranks.attempts import Attempts
from mlfw_lightning.ranks.train import RankWatch
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


# Runs in every rank: nothing may be unpickled, and at each epoch's end it notes on which addresses
# the process listens; it then gets a signal, once, if its rank and the epoch are listed.
PLUGIN = """
import os
import pickle
from pathlib import Path
import mlfw

NOTES = Path(os.environ["NOTES"])

def refuse(*args, **kwargs):
    raise RuntimeError("objects are pickled")

@mlfw.hookimpl
def mlfw_lightning_callbacks():
    import torch
    from pytorch_lightning import Callback

    pickle.loads = refuse
    for name in ("broadcast_object_list", "all_gather_object", "gather_object", "send_object_list",
                 "scatter_object_list", "recv_object_list"):
        setattr(torch.distributed, name, refuse)
        setattr(torch.distributed.distributed_c10d, name, refuse)

    class Watch(Callback):
        def on_train_epoch_end(self, trainer, module):
            rank, epoch = trainer.global_rank, trainer.current_epoch
            (NOTES / f"rank-{rank}-{epoch}").write_text("\\n".join(listening()))
            known = NOTES / f"signalled-{epoch}"
            if f"{rank},{epoch}" in os.environ["SIGNALLED"].split() and not known.exists():
                known.touch()
                os.kill(os.getpid(), int(os.environ["SIGNAL"]))

    return [Watch()]

def listening():
    opened = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    held = {str(entry.readlink()) for entry in opened}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in held:
                yield words[1]
"""
LOOPBACK = "0100007F:"  # 127.0.0.1, as the kernel writes it


def watched(
    folder: Path,
    options: dict[str, Any],
    number: signal.Signals = signal.SIGKILL,
    signalled: Sequence[tuple[int, int]] = (),
) -> dict[str, Any]:
    """Return what comes of a training whose ranks are watched.

    Args:
        folder: Where to train.
        options: See `fit`.
        number: A signal.
        signalled: Each a rank and an epoch after which it gets the signal.
    """
    told = {"NOTES": str(folder), "SIGNAL": str(int(number))}
    told["SIGNALLED"] = " ".join(f"{rank},{epoch}" for rank, epoch in signalled)
    told["PYTHONPATH"] = write_plugin(folder, "watching", PLUGIN)
    workers = InProcess(JobSetup(load_plugins().registry.job), retries=max(len(signalled), 3))
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment(**told).items():
            patched.setenv(name, value)
        ended = fit(folder, options, workers)

    assert rank_processes(folder) == []
    assert not (folder / "ranks").exists()
    notes = list(folder.glob("rank-*"))
    addresses = [address for note in notes for address in note.read_text().split()]
    assert addresses
    assert [address for address in addresses if not address.startswith(LOOPBACK)] == []
    return ended


def test_a_killed_rank_is_retried_and_ranks_unpickle_nothing_and_listen_on_loopback_only(
    tmp_path: Path,
) -> None:
    ended = watched(tmp_path, TWO, signalled=[(1, 1)])

    (note,) = (note for note in ended["notes"] if "rank" in note)
    assert re.fullmatch(
        r"rank 1 was killed by signal 9 \(SIGKILL\) on .*; the training continues from its last "
        r"checkpoint \(retry 1 of 3\)\.",
        note,
    )
    assert [epoch for epoch, _ in ended["epochs"]] == [1, 2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_a_killed_and_a_frozen_rank_change_nothing(strategy: str, tmp_path: Path) -> None:
    trainer = {"epochs": 3, "patience": None, "devices": 2, "strategy": strategy, "timeout": 20}
    options = {"trainer": trainer, "model": {"batch_size": 16}}
    whole = watched(tmp_path / "whole", options)

    killed = watched(tmp_path / "killed", options, signalled=[(1, 0), (0, 1), (1, 2)])
    frozen = watched(tmp_path / "frozen", options, signal.SIGSTOP, [(1, 1)])

    assert killed["weights"] == frozen["weights"] == whole["weights"]
    assert killed["epochs"] == frozen["epochs"] == whole["epochs"]
    assert any("rank 1 has not been heard of for 20 s" in note for note in frozen["notes"])


class Together(Workers):
    """Starts jobs together in processes of this machine, as a cluster would on several."""

    gpus = 0

    def slots(self, resources: Resources) -> int:
        return 2

    def map(self, jobs: Iterable[Job], resources: Resources, watch: Watch) -> Any:
        raise NotImplementedError

    def together(self, jobs: Sequence[Job], resources: Resources, watch: Watch) -> list[JobResult]:
        assert (resources.cpus, resources.gpus) == (1, 0)
        with tempfile.TemporaryDirectory() as folder:
            meeting = Path(folder, "store").as_uri()
            ranks = [Rank(number, len(jobs), 0, meeting) for number in range(len(jobs))]
            told = [json.dumps([asdict(r), j.to_json()]) for r, j in zip(ranks, jobs, strict=True)]
            started = [subprocess.Popen([sys.executable, "-c", RANK, each], stdout=subprocess.PIPE)
                       for each in told]  # fmt: skip
            for job, process in zip(jobs, started, strict=True):
                assert process.stdout is not None
                for line in process.stdout:
                    watch.told(job, json.loads(line))
        assert [process.wait() for process in started] == [0, 0]
        return [JobResult(job) for job in jobs]


RANK = """
import json
import sys
from mlfw import Imports, Job, JobContext, Rank
from mlfw.plugins import load_plugins

rank, job = json.loads(sys.argv[1])
print_line = lambda message: print(json.dumps(message), flush=True)
context = JobContext(None, print_line, lambda: False, Imports(), rank=Rank(**rank))
load_plugins().registry.job(job["name"])(Job(**job), context)
"""


@pytest.mark.slow
def test_many_kills_change_nothing(tmp_path: Path) -> None:
    trainer = {**TWO["trainer"], "epochs": 13, "precision": "32-true"}
    options = {"trainer": trainer, "model": {"batch_size": 16}}
    kills = [(epoch % 2, epoch) for epoch in range(12)]

    whole = watched(tmp_path / "whole", options)
    killed = watched(tmp_path / "killed", options, signalled=kills)

    assert killed["weights"] == whole["weights"]
    assert killed["epochs"] == whole["epochs"]
    assert len([note for note in killed["notes"] if "was killed by signal 9" in note]) == 12


@pytest.mark.slow
def test_the_last_attempt_says_which_rank_was_lost_where_and_why(tmp_path: Path) -> None:
    workers = InProcess(JobSetup(load_plugins().registry.job), retries=0)
    (tmp_path / "ranks").mkdir()
    (tmp_path / "ranks/job.json").write_text('{"trainer": {"unknown": 1}}')
    context = FitContext(
        trainer=LightningTrainer(), seed=0, folder=tmp_path, report=print, workers=workers
    )
    watch = RankWatch(context)
    attempts = Attempts(LightningTrainer(), context, tmp_path / "ranks", watch, keeps=False)

    with pytest.raises(MlfwError) as told:
        attempts.run()

    place = f"rank 0 ended with exit status 1 on {socket.gethostname()}"
    assert f"{place}; attempt 1 at the training in {tmp_path}" in str(told.value)
    assert "executor.retries=0" in str(told.value)
    assert "unexpected keyword argument 'unknown'" in str(told.value)


@pytest.mark.slow
def test_an_executor_that_starts_jobs_together_trains_the_same(tmp_path: Path) -> None:
    local = fit(tmp_path / "local", TWO)

    together = fit(tmp_path / "together", TWO, workers=Together())

    assert together == local


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
