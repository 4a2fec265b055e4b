"""Starting one process a device, watching them, and fetching what they have learnt.

Ranks are given a job as data: the model's registered name and options, the trainer's options,
the folders that hold the rows. They never see the command line and never compose a configuration;
what the command line allows to be imported stands on theirs again.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf
from safetensors.torch import load
from torch import Tensor

from mlfw import FitContext, Imports, MlfwError, UserError
from mlfw.files import read_json, write_json
from mlfw.plugins import load_plugins
from mlfw_lightning.existing_fit import ExistingLearner
from mlfw_lightning.learner import Learner
from mlfw_tabular.arrays import Arrays, ArrayWriter, MemoryArrays, StoredArrays
from mlfw_tabular.prepared import SETS

if TYPE_CHECKING:
    from mlfw_lightning.trainer import LightningTrainer

JOB, RESULT, PROGRESS, ERROR = (
    "job.json",
    "result.safetensors",
    "progress.jsonl",
    "error.json",
)
ALLOW_IMPORT = "--allow-import"
NODE_VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")
POLL_SECONDS = 0.05
LOG_LINES = 8


def train_in_ranks(
    options: LightningTrainer,
    learner: Learner | ExistingLearner,
    context: FitContext,
    folder: Path | None,
) -> dict[str, Tensor]:
    """Train in one process a device and return the best weights.

    Raises:
        UserError: The configuration cannot be trained; or variables for several nodes lack.
        MlfwError: A rank has died.
    """
    environment = _meeting_point(options)
    job = context.folder / "ranks"
    shutil.rmtree(job, ignore_errors=True)
    _write_job(options, learner, context, folder, job)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        ranks = range(options.devices)
        processes.extend(
            _start(job, local, options, environment, context.imports) for local in ranks
        )
        _watch(processes, job, context)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    weights = load((job / RESULT).read_bytes())
    shutil.rmtree(job)
    return dict(weights)


def _meeting_point(options: LightningTrainer) -> dict[str, str]:
    """Return where all ranks meet: a free port here, or what the user says for several nodes."""
    if options.nodes == 1:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": "0"}
    missing = [name for name in NODE_VARIABLES if not os.environ.get(name)]
    if missing:
        raise UserError(
            f"trainer.nodes={options.nodes}: {', '.join(missing)} not set in the environment.",
            "On each node set MASTER_ADDR and MASTER_PORT to the first node's address and a free "
            "port of it, and NODE_RANK to 0, 1, ...",
        )
    return {name: os.environ[name] for name in NODE_VARIABLES}


def _write_job(
    options: LightningTrainer,
    learner: Learner | ExistingLearner,
    context: FitContext,
    folder: Path | None,
    job: Path,
) -> None:
    content: dict[str, Any] = {
        "trainer": asdict(options),
        "seed": context.seed,
        "folder": str(context.folder.absolute()),
        "checkpoints": str(folder.absolute()) if folder else None,
        **(_table_job(learner, job) if isinstance(learner, Learner) else _existing_job(learner)),
    }
    write_json(job / JOB, content)


def _existing_job(learner: ExistingLearner) -> dict[str, Any]:
    name = load_plugins().registry.entry_of(learner.model).name
    known = learner.to_json()
    return {"model": {"name": name, "options": known["model"]}, "data": known["data"]}


def _table_job(learner: Learner, job: Path) -> dict[str, Any]:
    entry = load_plugins().registry.entry_of(learner.model)
    model = OmegaConf.to_container(OmegaConf.structured(learner.model), enum_to_str=True)
    return {
        "model": {"name": entry.name, "options": model},
        "shape": asdict(learner.shape),
        "heads": [head.to_json() for head in learner.heads],
        "vary": {name: how.chosen() for name, how in learner.vary.items()},
        "key": learner.key,
        "names": list(learner.names),
        "streamed": not isinstance(learner.train, MemoryArrays),
        **{name: str(_stored(learner, name, job).absolute()) for name in SETS},
    }


def _stored(learner: Learner, name: str, job: Path) -> Path:
    """Return the folder of the training or validation rows, written where they are in memory."""
    rows: Arrays = getattr(learner, name)
    if isinstance(rows, StoredArrays):
        return rows.folder
    with ArrayWriter(job / name) as writer:
        writer.append(rows.read(0, rows.rows))
    return job / name


def _start(
    job: Path,
    local: int,
    options: LightningTrainer,
    environment: dict[str, str],
    imports: Imports,
) -> subprocess.Popen[bytes]:
    granted = [word for name in sorted(imports.packages) for word in (ALLOW_IMPORT, name)]
    threads = max((os.cpu_count() or 1) // options.devices, 1)
    own = {"LOCAL_RANK": str(local), "OMP_NUM_THREADS": str(threads)}
    with (job / f"rank-{local}.log").open("wb") as log:
        return subprocess.Popen(
            # -P: the working folder is not searched for packages.
            [sys.executable, "-P", "-m", "mlfw_lightning.rank", str(job.absolute()), *granted],
            env={**os.environ, **environment, **own},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _watch(processes: list[subprocess.Popen[bytes]], job: Path, context: FitContext) -> None:
    """Forward progress until all ranks have ended; one that fails ends the training at once."""
    told = 0
    while True:
        states = [process.poll() for process in processes]
        told = _forward(job / PROGRESS, told, context)
        for local, state in enumerate(states):
            if state:
                raise _failure(job, local, state)
        if all(state == 0 for state in states):
            return
        time.sleep(POLL_SECONDS)


def _forward(path: Path, told: int, context: FitContext) -> int:
    """Report the epochs that rank 0 has noted since, and return how many there are."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    whole = [line for line in lines if line.endswith("\n")]
    for line in whole[told:]:
        note = json.loads(line)
        context.report(note["epoch"], note["values"])
    return len(whole)


def _failure(job: Path, local: int, state: int) -> MlfwError:
    """Return the error of a rank, with the end of its log."""
    errors = sorted(job.glob(f"*-{ERROR}"))
    if errors:
        error = read_json(errors[0])
        return UserError(error["problem"], error["remedy"])
    log = (job / f"rank-{local}.log").read_text(errors="replace").splitlines()
    ending = "\n  ".join(log[-LOG_LINES:])
    how = f"was killed by signal {-state}" if state < 0 else f"ended with exit status {state}"
    return MlfwError(f"trainer: rank {local} {how}; the other ranks were ended.\n  {ending}")
